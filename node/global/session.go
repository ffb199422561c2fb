package global

import (
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// strayWait is how long a node that says that it is in sync with us may be
// unknown to us. Usually new_nodes tells of it in a moment; when its sender ended
// before, nobody does.
const strayWait = time.Second

// session is our joining with one node, from the link to the moment when both
// have the names of both. Each side has a tag for it, which the other puts into
// its messages, so that messages of an older session are recognised.
type session struct {
	node    etf.Atom
	id      uint64   // of this try: the tags may stay when he begins anew
	tag     int64    // ours
	hisTag  etf.Term // nil until his init_connect
	acked   bool     // he has our tag
	version int      // min(ours, his)

	lock     lockID
	locked   bool // both partitions are locked
	names    []op // his
	hasNames bool
	ops      []op // what of his names is new here
	hasOps   bool
	resolved *resolvedMessage      // his, until our ops are there
	decide   func(result etf.Term) // goes on with the result of a method
}

// resolvedMessage is what the other side says when it has compared the names.
type resolvedMessage struct {
	ops      []op
	known    []member
	external map[string]etf.Atom
}

// hello is an init_connect.
type hello struct {
	version int
	tag     etf.Term
	locker  etf.Pid
	steady  bool
}

// begin starts a session with a node that has a link, unless there is one or the
// node is of our partition already.
func (c *core) begin(n etf.Atom) {
	if c.isKnown(n) || c.sessions[n] != nil || !c.links[n] || c.removing[n] {
		return
	}
	c.tags++
	s := &session{node: n, id: c.id(), tag: c.tags}
	c.sessions[n] = s
	known := etf.Map{{Key: atomReconnects, Value: atomTrue}}
	for _, m := range c.memberVersions() {
		known = append(known, etf.MapEntry{Key: m.node, Value: int64(m.version)})
	}
	c.cast(n, etf.Atom("init_connect"), etf.Tuple{int64(ourVersion), s.tag}, c.self,
		etf.Tuple{etf.Atom("locker"), etf.Atom("no_longer_a_pid"), known, c.locker})
	if h, ok := c.early[n]; ok {
		delete(c.early, n)
		c.join(n, h)
	}
}

// onInitConnect serves {init_connect, {Version, Tag, …}, Node, {locker, _, Known, Locker}}.
func (c *core) onInitConnect(t etf.Tuple) {
	version, okV := etf.AsTuple(t[1], -1)
	n, okN := t[2].(etf.Atom)
	init, okI := etf.AsTagged(t[3], "locker", 4)
	if !okV || len(version) < 2 || !okN || !okI || n == c.self {
		return
	}
	number, okV := etf.AsInt(version[0])
	pid, okP := init[3].(etf.Pid)
	if !okV || !okP || number < vsnOldest {
		c.log.Warn("global: unknown protocol version", "node", n, "version", etf.String(version[0]))
		return
	}
	h := hello{version: int(number), tag: version[1], locker: pid}
	if known, ok := etf.AsMap(init[2]); ok {
		h.steady = known.Atom(atomReconnects) == etf.Term(atomTrue)
	}
	c.join(n, h)
}

// join takes the other side's init_connect. Only nodes of ours get an
// init_connect_ack. OTP does nothing with one, unless it names a session that is
// over by then: then it begins anew. A node of OTP whose name server lags says over
// this link what it had to say over the last ones, so the first init_connect is not
// always the one that counts; acks of two of them let both begin anew without end,
// as two nodes of OTP do. Its own ack says which one counts.
func (c *core) join(n etf.Atom, h hello) {
	if h.steady {
		c.steady[n] = true
	}
	c.spoken[n] = min(h.version, ourVersion)
	if _, twice := c.pending[n]; twice && h.version >= vsnTags {
		c.anew(n, h.tag)
	}
	s := c.sessions[n]
	if s == nil {
		if c.links[n] || c.isKnown(n) {
			c.early[n] = h
		}
		return
	}
	s.hisTag, s.version = h.tag, min(h.version, ourVersion)
	c.lk.meet(him{node: n, id: s.id, locker: h.locker, version: s.version, tag: s.tag, hisTag: h.tag})
	if h.version >= vsnTags && c.steady[n] {
		c.tell(n, etf.Atom("init_connect_ack"), c.self, h.tag, s.tag)
	}
	c.pending[n] = min(h.version, ourVersion)
}

// onInitConnectAck serves {init_connect_ack, Node, OurTag, HisTag}: he says which
// tags he goes by. With an older tag of ours it is late: the newer one is on its
// way to him.
func (c *core) onInitConnectAck(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	s := c.sessions[n]
	if !ok || s == nil || !isTag(t[2], s.tag) {
		return
	}
	if s.acked = s.hisTag != nil && etf.Equal(t[3], s.hisTag); !s.acked {
		c.tell(n, etf.Atom("cancel_connect"), c.self, t[3])
		c.restart(n)
	}
}

// onCancelConnect serves {cancel_connect, Node, OurTag}: both begin anew. He has
// forgotten the session and need not be told.
func (c *core) onCancelConnect(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	if !ok {
		return
	}
	if s := c.sessions[n]; s != nil && isTag(t[2], s.tag) {
		c.restart(n)
	}
}

// dropResources removes the names and locks of the processes of a node.
func (c *core) dropResources(n etf.Atom) {
	c.locks.dropNode(n)
	c.names.dropNode(n)
}

// cancelSession ends the session with a node; he is told if he knows of it.
func (c *core) cancelSession(n etf.Atom) {
	if s := c.sessions[n]; s != nil {
		if c.pending[n] >= vsnTags && c.links[n] {
			c.tell(n, etf.Atom("cancel_connect"), c.self, s.hisTag)
		}
		c.lk.cancel(n, s.id, nil)
	}
	c.endSession(n)
}

// endSession forgets a session.
func (c *core) endSession(n etf.Atom) {
	delete(c.sessions, n)
	delete(c.pending, n)
	delete(c.early, n)
}

// settled ends the session with a node whose names we have; the locker does
// what is given before it frees the lock.
func (c *core) settled(n etf.Atom, before func()) {
	if s := c.sessions[n]; s != nil {
		c.lk.cancel(n, s.id, before)
	}
	c.endSession(n)
}

// onInSync serves {in_sync, Node, _}: a node of the partition that we joined has
// our names.
func (c *core) onInSync(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	if !ok || n == c.self {
		return
	}
	if c.removing[n] { // he did not know us when we asked, and ignored it
		c.askToLeave(n)
		return
	}
	if t[2] == etf.Term(atomReconnects) {
		c.steady[n] = true
	}
	c.nowSynced(n)
	c.settled(n, nil)
	c.after(strayWait, func() { c.adopt(n) })
}

// adopt makes a node known that has been in sync with us for a while without
// anybody telling us of it. Its names may have been lost on their way to us, in
// any case when a link was.
func (c *core) adopt(n etf.Atom) {
	if !c.links[n] || !c.synced[n] || c.sessions[n] != nil {
		return
	}
	if !c.isKnown(n) {
		c.addKnown([]member{{node: n, version: c.versionOf(n)}})
		c.syncOthers([]etf.Atom{n})
		c.doubt()
	}
	c.wantNames(n)
}

// onNewNodes serves {new_nodes, Node, Ops, External, Nodes, Extra}: a node of our
// partition has joined another partition.
func (c *core) onNewNodes(t etf.Tuple) {
	added := c.addKnown(parseMembers(t[4]))
	c.syncOthers(added)
	id, ok := extraLock(t[5])
	c.apply(parseOps(t[2]), parseExternal(t[3]), bylock(id, ok))
}

func isTag(t etf.Term, tag int64) bool {
	n, ok := etf.AsInt(t)
	return ok && n == tag
}
