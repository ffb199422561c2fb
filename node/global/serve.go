package global

import (
	"maps"
	"slices"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// message is the input for what arrives at global_name_server.
func (c *core) message(msg etf.Term) {
	if r, ok := node.ParseGen(msg); ok {
		if r.Cast {
			c.onCast(r.Request)
		} else {
			c.onCall(r)
		}
		return
	}
	t, ok := etf.AsTuple(msg, -1)
	if !ok || len(t) == 0 {
		return
	}
	switch tagOf(t) {
	case tagged{"init_connect_ack", 4}:
		c.onInitConnectAck(t)
	case tagged{"cancel_connect", 3}:
		c.onCancelConnect(t)
	case tagged{"lost_connection", 5}:
		c.onLostConnection(t)
	case tagged{"remove_connection", 2}:
		c.onRemoveConnection(t)
	case tagged{atomNamesWanted, 3}:
		c.onNamesWanted(t)
	case tagged{atomNamesTold, 4}:
		c.onNamesTold(t)
	case tagged{"whereis", 3}:
		c.onWhereis(t)
	default:
		c.onReply(t)
	}
}

// tagged is the shape of a message.
type tagged struct {
	tag  etf.Atom
	size int
}

func tagOf(t etf.Tuple) tagged {
	tag, _ := t[0].(etf.Atom)
	return tagged{tag, len(t)}
}

// onCast serves a cast. async_del_name and async_del_lock of old nodes mean
// nothing any more.
func (c *core) onCast(request etf.Term) {
	t, ok := etf.AsTuple(request, -1)
	if !ok || len(t) == 0 {
		return
	}
	switch tagOf(t) {
	case tagged{"init_connect", 4}:
		c.onInitConnect(t)
	case tagged{"lock_set", 4}, tagged{"lock_set", 5}:
		c.onLockSet(t)
	case tagged{"exchange", 5}:
		c.onExchange(t)
	case tagged{"resolved", 7}:
		c.onResolved(t)
	case tagged{"new_nodes", 6}:
		c.onNewNodes(t)
	case tagged{"in_sync", 3}:
		c.onInSync(t)
	}
}

// onCall serves a call. What is not known gets no answer, as in OTP.
func (c *core) onCall(r node.GenRequest) {
	if t, ok := etf.AsTagged(r.Request, "sync", 2); ok {
		c.sync(atomList(t[1]), func() { c.out.reply(r, atomOK) })
		return
	}
	if answer := c.answer(r.Request, r.From); answer != nil {
		c.out.reply(r, answer)
		return
	}
	c.log.Debug("global: unknown call", "from", etf.String(r.From), "request", etf.String(r.Request))
}

// answer serves what can be answered at once; nil for what is not known.
func (c *core) answer(request etf.Term, from etf.Pid) etf.Term {
	switch request {
	case etf.Term(etf.Atom("get_known")):
		return atomTerms(c.members())
	case etf.Term(etf.Atom("get_synced")):
		return atomTerms(slices.Sorted(maps.Keys(c.synced)))
	case etf.Term(etf.Atom("get_names_ext")):
		return c.names.externals()
	case etf.Term(etf.Atom("get_protocol_version")):
		return int64(ourVersion)
	case etf.Term(etf.Atom("info")):
		return c.info()
	}
	t, ok := request.(etf.Tuple)
	if !ok || len(t) < 2 {
		return nil
	}
	switch tagOf(t) {
	case tagged{"set_lock", 2}:
		if id, ok := parseLockID(t[1]); ok {
			return etf.Bool(c.locks.set(id, from))
		}
	case tagged{"del_lock", 2}:
		if id, ok := parseLockID(t[1]); ok {
			c.locks.del(id, from)
			return atomTrue
		}
	case tagged{"register", 4}, tagged{"register_ext", 5}:
		return c.onRegister(t, from)
	case tagged{"unregister", 2}:
		c.names.remove(t[1])
		return atomOK
	}
	return nil
}

// onRegister serves {register, Name, Pid, Method} and, with the registering
// node, register_ext.
func (c *core) onRegister(t etf.Tuple, from etf.Pid) etf.Term {
	o, ok := parseName(etf.Tuple{t[1], t[2], t[3]})
	if !ok {
		return nil
	}
	var external etf.Atom
	if len(t) == 5 {
		external, _ = t[4].(etf.Atom)
	}
	c.names.insert(o, external, byHolder(from))
	return atomYes
}

// onWhereis serves {whereis, Name, From} of old nodes: it is answered while
// nobody changes names.
func (c *core) onWhereis(t etf.Tuple) {
	r, ok := node.ParseGen(etf.Tuple{atomCall, t[2], t[0]})
	if !ok {
		return
	}
	if c.locks.namesLocked() {
		c.after(c.backOff(5), func() { c.onWhereis(t) })
		return
	}
	var answer etf.Term = atomUndef
	if e, ok := c.names.get(t[1]); ok {
		answer = e.pid
	}
	c.out.reply(r, answer)
}

// info is the state as a record of the shape that OTP 25 has.
func (c *core) info() etf.Term {
	known := etf.Map{}
	for _, m := range c.memberVersions() {
		known = append(known, etf.MapEntry{Key: m.node, Value: int64(m.version)})
	}
	for _, n := range slices.Sorted(maps.Keys(c.pending)) {
		known = append(known, etf.MapEntry{Key: etf.Tuple{etf.Atom("pending"), n}, Value: int64(c.pending[n])})
	}
	return etf.Tuple{
		etf.Atom("state"), etf.Tuple{etf.Atom("conf"), atomTrue, atomTrue}, known,
		atomTerms(slices.Sorted(maps.Keys(c.synced))), etf.List{}, etf.List{}, c.self,
		c.locker, c.registrar, etf.Atom("no_trace"), etf.Bool(c.locks.down),
	}
}

func atomTerms(list []etf.Atom) etf.List {
	out := make(etf.List, 0, len(list))
	for _, a := range list {
		out = append(out, a)
	}
	return out
}

func atomList(t etf.Term) []etf.Atom {
	list, _ := t.(etf.List)
	var out []etf.Atom
	for _, e := range list {
		if a, ok := e.(etf.Atom); ok {
			out = append(out, a)
		}
	}
	return out
}
