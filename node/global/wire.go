package global

import (
	"bytes"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// Versions of the protocol between global_name_servers. OTP 23 speaks 5, OTP 25
// and later 8; two nodes use the smaller of theirs.
const (
	ourVersion = 8 // also: init_connect_ack and cancel_connect exist, lock_set has a tag
	vsnProxy   = 6 // from here lock_set goes through the server, not to the locker
	vsnLists   = 7 // from here lists of nodes are [{Node, Version}], and lost_connection exists
	vsnTags    = 8
	vsnOldest  = 5
)

// Names of what is said between the servers.
const (
	serverName etf.Atom = "global_name_server"
	atomCast   etf.Atom = "$gen_cast"
	atomCall   etf.Atom = "$gen_call"
	atomGlobal etf.Atom = "global"
	atomTrue   etf.Atom = "true"
	atomYes    etf.Atom = "yes"
	atomOK     etf.Atom = "ok"
	atomNone   etf.Atom = "none"
	atomInsert etf.Atom = "insert"
	atomDelete etf.Atom = "delete"
	atomLock   etf.Atom = "lock"
	atomUndef  etf.Atom = "undefined"
	// atomReconnects stands in the map of known nodes of our init_connect and in
	// in_sync, where OTP does not look at it: its sender dials again by itself when it is cut off.
	atomReconnects etf.Atom = "reconnects"
	// atomNamesWanted asks such a node for its names, atomNamesTold answers. Others
	// are not asked.
	atomNamesWanted etf.Atom = "names_wanted"
	atomNamesTold   etf.Atom = "names_told"
)

// keyOf makes a term comparable: equal terms, as =:= has it, have equal keys.
func keyOf(t etf.Term) string {
	b, err := etf.Encode(canonical(t))
	if err != nil {
		return "?" + etf.String(t)
	}
	return string(b)
}

// canonical puts the entries of all maps in one order.
func canonical(t etf.Term) etf.Term {
	switch v := t.(type) {
	case etf.Tuple:
		return etf.Tuple(canonicals(v))
	case etf.List:
		return etf.List(canonicals(v))
	case etf.ImproperList:
		return etf.ImproperList{Head: canonicals(v.Head), Tail: canonical(v.Tail)}
	case etf.Map:
		m := make(etf.Map, len(v))
		keys := make(map[int][]byte, len(v))
		order := make([]int, len(v))
		for i, e := range v {
			m[i] = etf.MapEntry{Key: canonical(e.Key), Value: canonical(e.Value)}
			keys[i], _ = etf.Encode(m[i].Key) // what cannot be encoded sorts first
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return bytes.Compare(keys[a], keys[b]) })
		sorted := make(etf.Map, len(v))
		for i, from := range order {
			sorted[i] = m[from]
		}
		return sorted
	}
	return t
}

func canonicals(terms []etf.Term) []etf.Term {
	out := make([]etf.Term, len(terms))
	for i, t := range terms {
		out[i] = canonical(t)
	}
	return out
}

// member is a node in a list of known nodes; version 0 is unknown.
type member struct {
	node    etf.Atom
	version int
}

// parseMembers reads [Node] or [{Node, Version}]; what is neither is left out.
func parseMembers(t etf.Term) []member {
	list, _ := t.(etf.List)
	var out []member
	for _, e := range list {
		if node, ok := e.(etf.Atom); ok {
			out = append(out, member{node: node})
			continue
		}
		pair, ok := etf.AsTuple(e, 2)
		if !ok {
			continue
		}
		node, ok := pair[0].(etf.Atom)
		version, isInt := etf.AsInt(pair[1])
		if ok && isInt {
			out = append(out, member{node: node, version: int(version)})
		}
	}
	return out
}

// memberList writes the list in the form that the version has.
func memberList(members []member, version int) etf.List {
	list := make(etf.List, 0, len(members))
	for _, m := range members {
		if version < vsnLists {
			list = append(list, m.node)
		} else {
			list = append(list, etf.Tuple{m.node, int64(m.version)})
		}
	}
	return list
}

// op is a change of the names: {insert, {Name, Pid, Method}} or {delete, Name}.
type op struct {
	remove bool
	name   etf.Term
	pid    etf.Pid
	method etf.Term
}

func (o op) term() etf.Term {
	if o.remove {
		return etf.Tuple{atomDelete, o.name}
	}
	return etf.Tuple{atomInsert, etf.Tuple{o.name, o.pid, o.method}}
}

func opList(ops []op) etf.List {
	list := make(etf.List, 0, len(ops))
	for _, o := range ops {
		list = append(list, o.term())
	}
	return list
}

func parseOps(t etf.Term) []op {
	list, _ := t.(etf.List)
	var out []op
	for _, e := range list {
		if remove, ok := etf.AsTagged(e, atomDelete, 2); ok {
			out = append(out, op{remove: true, name: remove[1]})
			continue
		}
		if insert, ok := etf.AsTagged(e, atomInsert, 2); ok {
			if name, ok := parseName(insert[1]); ok {
				out = append(out, name)
			}
		}
	}
	return out
}

// parseName reads {Name, Pid, Method}.
func parseName(t etf.Term) (op, bool) {
	v, ok := etf.AsTuple(t, 3)
	if !ok {
		return op{}, false
	}
	pid, ok := v[1].(etf.Pid)
	return op{name: v[0], pid: pid, method: v[2]}, ok
}

// parseNames reads [{Name, Pid, Method}].
func parseNames(t etf.Term) []op {
	list, _ := t.(etf.List)
	var out []op
	for _, e := range list {
		if name, ok := parseName(e); ok {
			out = append(out, name)
		}
	}
	return out
}

// parseExternal reads [{Name, Pid, Node}]: names of processes that are not of
// Erlang nodes, and the nodes that registered them. Keys are those of keyOf.
func parseExternal(t etf.Term) map[string]etf.Atom {
	list, _ := t.(etf.List)
	out := map[string]etf.Atom{}
	for _, e := range list {
		v, ok := etf.AsTuple(e, 3)
		if !ok {
			continue
		}
		if by, ok := v[2].(etf.Atom); ok {
			out[externalKey(v[0], v[1])] = by
		}
	}
	return out
}

func externalKey(name, pid etf.Term) string { return keyOf(etf.Tuple{name, pid}) }

// lockID names a lock and who asks for it: {Resource, Requester}. All who ask
// in the name of one requester share the lock.
type lockID struct {
	resource, requester etf.Term
}

func (id lockID) term() etf.Term { return etf.Tuple{id.resource, id.requester} }

func parseLockID(t etf.Term) (lockID, bool) {
	v, ok := etf.AsTuple(t, 2)
	if !ok {
		return lockID{}, false
	}
	return lockID{resource: v[0], requester: v[1]}, true
}

// pairLock is the lock under which two lockers join their partitions.
func pairLock(a, b etf.Pid) lockID {
	pair := etf.List{a, b}
	if etf.Compare(a, b) > 0 {
		pair[0], pair[1] = b, a
	}
	return lockID{resource: atomGlobal, requester: pair}
}

// extraLock finds {lock, Id} in the extra information of new_nodes.
func extraLock(t etf.Term) (lockID, bool) {
	list, _ := t.(etf.List)
	for _, e := range list {
		if pair, ok := etf.AsTagged(e, atomLock, 2); ok {
			return parseLockID(pair[1])
		}
	}
	return lockID{}, false
}
