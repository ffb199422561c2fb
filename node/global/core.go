package global

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// outside is what the core does to the world. No method may call the core.
type outside interface {
	// send sends a message to a process or {Name, Node} on a linked node. from
	// is the server, the locker, the registrar or the holder of a lock.
	send(from etf.Pid, on etf.Atom, to, msg etf.Term)
	// reply answers a call.
	reply(to node.GenRequest, answer etf.Term)
	// monitor watches a pid or {Name, Node} on a linked node or this one; the
	// end is told with core.ended.
	monitor(id uint64, on etf.Atom, what etf.Term)
	demonitor(id uint64)
	// connect dials; a link is told with core.up, a failure with
	// core.connectFailed.
	connect(to etf.Atom)
	// disconnect closes a link as the peer asked.
	disconnect(from etf.Atom)
	// resolve calls a method for a conflict on the owner's node; the result is
	// told with core.resolution.
	resolve(id uint64, on etf.Atom, c conflict)
	// table asks for the table of names of a node of OTP; it is told with
	// core.tableTold, if it can be had.
	table(on etf.Atom, asked moment, tries int)
	// ref makes a reference.
	ref() etf.Ref
}

// conflict is two processes with one name, when two partitions meet.
type conflict struct {
	method    etf.Term
	name      etf.Term
	his, ours etf.Pid
}

// config tells the core who it is.
type config struct {
	self      etf.Atom
	server    etf.Pid
	locker    etf.Pid
	registrar etf.Pid
	firstTag  int64
	rand      *rand.Rand
	log       *slog.Logger
}

// core is the name server as a state machine: it is told what arrives and what
// time it is, and says through outside what to do. It does no I/O, keeps no
// goroutine and is used by one goroutine at a time. Its steps are those of OTP's
// module global; the comments say what, not how OTP does it.
type core struct {
	config
	out    outside
	now    time.Time
	timers timers
	ids    uint64 // of monitors and conflicts
	tags   int64

	links    map[etf.Atom]bool      // nodes with a visible link
	known    map[etf.Atom]int       // our partition and its versions
	pending  map[etf.Atom]int       // nodes that have begun to join, and their versions
	removing map[etf.Atom]bool      // nodes that were asked to leave
	synced   map[etf.Atom]bool      // nodes that have the same names as we
	sessions map[etf.Atom]*session  // nodes that we are about to join with
	early    map[etf.Atom]hello     // init_connect of nodes that we have no session with
	steady   map[etf.Atom]bool      // nodes that dial again by themselves
	restarts map[etf.Atom]int       // how often sessions over the link began anew
	spoken   map[etf.Atom]int       // versions that linked nodes have told
	outbox   map[etf.Atom][]message // for known nodes whose link is on its way
	parked   map[etf.Atom][]uint64  // monitors that wait for a link
	lost     map[string]report      // lost_connection messages seen
	syncers  []*syncer
	// doubting says that names will be compared with all members, after doubtWait.
	doubting  bool
	doubtWait time.Duration

	monitors  map[uint64]*watch
	calls     map[etf.Ref]*call
	names     names
	locks     locks
	lk        locker
	rg        registrar
	resolving map[uint64]*session
}

// message waits for a link.
type message struct {
	from    etf.Pid
	to, msg etf.Term
}

// watch is a monitor of the core.
type watch struct {
	what  etf.Term
	ended func(reason etf.Term)
}

func newCore(cfg config, out outside) *core {
	c := &core{
		config: cfg, out: out, tags: cfg.firstTag, doubtWait: doubtWait,
		links: map[etf.Atom]bool{}, known: map[etf.Atom]int{}, pending: map[etf.Atom]int{},
		removing: map[etf.Atom]bool{}, synced: map[etf.Atom]bool{}, sessions: map[etf.Atom]*session{},
		early: map[etf.Atom]hello{}, steady: map[etf.Atom]bool{}, restarts: map[etf.Atom]int{}, spoken: map[etf.Atom]int{}, outbox: map[etf.Atom][]message{},
		parked: map[etf.Atom][]uint64{}, lost: map[string]report{},
		monitors: map[uint64]*watch{}, calls: map[etf.Ref]*call{}, resolving: map[uint64]*session{},
	}
	c.names = newNames(c)
	c.locks = newLocks(c)
	c.lk = locker{c: c}
	c.rg = registrar{c: c}
	return c
}

// in tells the core something at a time: timers that are due come first.
func (c *core) in(now time.Time, do func()) {
	if now.After(c.now) {
		c.now = now
	}
	for t := c.timers.due(c.now); t != nil; t = c.timers.due(c.now) {
		t.run()
		c.lk.run()
	}
	if do != nil {
		do()
	}
	c.lk.run()
}

// after runs a function later.
func (c *core) after(d time.Duration, run func()) *timer { return c.timers.add(c.now.Add(d), run) }

// id makes a number for a monitor or a conflict.
func (c *core) id() uint64 {
	c.ids++
	return c.ids
}

// cast sends {'$gen_cast', msg} to the server of a node; see post.
func (c *core) cast(to etf.Atom, msg ...etf.Term) {
	c.post(c.server, to, etf.Tuple{serverName, to}, etf.Tuple{atomCast, etf.Tuple(msg)})
}

// tell sends a plain message to the server of a node; see post.
func (c *core) tell(to etf.Atom, msg ...etf.Term) {
	c.post(c.server, to, etf.Tuple{serverName, to}, etf.Tuple(msg))
}

// post sends a message to a node. For a known node whose link is not up yet it
// waits, as Erlang's sending does; without a link to another node it is lost.
func (c *core) post(from etf.Pid, on etf.Atom, to, msg etf.Term) {
	switch {
	case c.links[on]:
		c.out.send(from, on, to, msg)
	case c.isKnown(on):
		c.outbox[on] = append(c.outbox[on], message{from: from, to: to, msg: msg})
		c.out.connect(on)
	}
}

// watch monitors a process. Without a link to its node one is made.
func (c *core) watch(what etf.Term, on etf.Atom, ended func(reason etf.Term)) uint64 {
	id := c.id()
	c.monitors[id] = &watch{what: what, ended: ended}
	if on == c.self || c.links[on] {
		c.out.monitor(id, on, what)
		return id
	}
	c.parked[on] = append(c.parked[on], id)
	c.out.connect(on)
	return id
}

// unwatch ends a monitor.
func (c *core) unwatch(id uint64) {
	if c.monitors[id] != nil {
		delete(c.monitors, id)
		c.out.demonitor(id)
	}
}

// ended is the input for the end of what is monitored.
func (c *core) ended(id uint64, reason etf.Term) {
	if w := c.monitors[id]; w != nil {
		delete(c.monitors, id)
		w.ended(reason)
	}
}

// isKnown says whether a node is of our partition.
func (c *core) isKnown(n etf.Atom) bool {
	_, ok := c.known[n]
	return ok
}

// versionOf is the version of a node in our partition or about to join it; 0
// when it is not known.
func (c *core) versionOf(n etf.Atom) int {
	if n == c.self {
		return ourVersion
	}
	if v := c.known[n]; v != 0 {
		return v
	}
	return c.spoken[n]
}
