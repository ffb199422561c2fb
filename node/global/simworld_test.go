package global

import (
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// simWorld is a cluster of cores without a network: messages wait in queues, one
// for each direction of each link, and a random choice says what happens next.
type simWorld struct {
	rand  *rand.Rand
	now   time.Time
	nodes map[etf.Atom]*simNode
	names []etf.Atom
	links map[[2]etf.Atom]bool // by the sorted pair
	lives map[[2]etf.Atom]int  // how often the link was made
	// What waits to happen at a node: by sender, the node itself included. The
	// queue of a link begins with its up and ends with its down.
	queues  map[[2]etf.Atom][]func()
	reports int64    // lost_connection that were sent
	cuts    int      // of links between living nodes
	later   []func() // dials and calls of methods under way, in no order
	refs    uint32
	crea    uint32
	otp     map[etf.Atom]bool // the nodes that do as OTP does
	trace   func(format string, args ...any)
}

// simNode is one node: a core and its processes.
type simNode struct {
	w       *simWorld
	name    etf.Atom
	alive   bool
	core    *core
	pids    uint32
	life    uint32
	procs   map[etf.Pid][]func(etf.Term) // the living ones, and who watches them
	watched map[uint64]bool
	seen    map[etf.Atom]int // which link to a node the core knows of
	dialled map[etf.Atom]bool
}

func newSimWorld(seed uint64, names ...etf.Atom) *simWorld {
	w := &simWorld{
		rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1e9, 0), names: names,
		nodes: map[etf.Atom]*simNode{}, links: map[[2]etf.Atom]bool{}, lives: map[[2]etf.Atom]int{}, queues: map[[2]etf.Atom][]func(){},
		trace: func(string, ...any) {}, otp: map[etf.Atom]bool{},
	}
	for _, n := range names {
		w.start(n)
	}
	return w
}

// start starts a node, again after a crash.
func (w *simWorld) start(name etf.Atom) {
	w.crea++
	n := &simNode{w: w, name: name, alive: true, life: w.crea, procs: map[etf.Pid][]func(etf.Term){},
		watched: map[uint64]bool{}, seen: map[etf.Atom]int{}, dialled: map[etf.Atom]bool{}}
	w.nodes[name] = n
	n.core = newCore(config{
		self: name, server: n.spawn(), locker: n.spawn(), registrar: n.spawn(), firstTag: int64(w.crea) * 1000,
		rand: rand.New(rand.NewPCG(w.rand.Uint64(), 2)), log: slog.New(slog.DiscardHandler),
	}, n)
}

func (n *simNode) spawn() etf.Pid {
	n.pids++
	pid := etf.Pid{Node: n.name, ID: n.pids, Creation: n.life}
	n.procs[pid] = nil
	return pid
}

// kill ends a process.
func (n *simNode) kill(pid etf.Pid) {
	watchers := n.procs[pid]
	delete(n.procs, pid)
	for _, tell := range watchers {
		tell(atom("killed"))
	}
}

func pair(a, b etf.Atom) [2]etf.Atom {
	if a > b {
		a, b = b, a
	}
	return [2]etf.Atom{a, b}
}

// put lets something happen at a node after all that came from the same sender.
func (w *simWorld) put(from, to etf.Atom, do func(n *simNode)) {
	if from != to && !w.links[pair(from, to)] {
		return
	}
	w.queue(from, to, do)
}

func (w *simWorld) queue(from, to etf.Atom, do func(n *simNode)) {
	key := [2]etf.Atom{from, to}
	life := w.nodes[to].life
	w.queues[key] = append(w.queues[key], func() {
		if n := w.nodes[to]; n.alive && n.life == life {
			n.core.in(w.now, func() { do(n) })
		}
	})
}

// alive says whether there is such a node and it runs.
func (w *simWorld) alive(name etf.Atom) bool {
	n := w.nodes[name]
	return n != nil && n.alive
}

// link connects two nodes.
func (w *simWorld) link(a, b etf.Atom) {
	if a == b || w.links[pair(a, b)] || !w.alive(a) || !w.alive(b) {
		return
	}
	w.trace("link %s %s", a, b)
	w.links[pair(a, b)] = true
	w.lives[pair(a, b)]++
	life := w.lives[pair(a, b)]
	w.queue(b, a, func(n *simNode) { n.seen[b] = life; n.core.up(b) })
	w.queue(a, b, func(n *simNode) { n.seen[a] = life; n.core.up(a) })
}

// cut ends a link; some of what is on its way is lost.
func (w *simWorld) cut(a, b etf.Atom) {
	if !w.links[pair(a, b)] {
		return
	}
	w.trace("cut %s %s", a, b)
	delete(w.links, pair(a, b))
	for _, d := range [][2]etf.Atom{{a, b}, {b, a}} {
		w.lose(d)
		w.queue(d[0], d[1], func(n *simNode) { n.loseLink(d[0]) })
	}
}

// lose drops the end of a queue, but no ups and downs: those come with a mark.
func (w *simWorld) lose(d [2]etf.Atom) {
	q := w.queues[d]
	if len(q) > 1 && w.rand.IntN(2) == 0 {
		w.queues[d] = q[:1+w.rand.IntN(len(q)-1)+0]
		if w.ups(d) {
			w.queues[d] = q
		}
	}
}

// ups says whether a queue may hold more than messages.
func (w *simWorld) ups(d [2]etf.Atom) bool {
	n := w.nodes[d[1]]
	return !n.alive || !n.core.links[d[0]]
}

// current says whether a node's core knows of the link that there is.
func (n *simNode) current(on etf.Atom) bool {
	return on == n.name || n.w.links[pair(n.name, on)] && n.seen[on] == n.w.lives[pair(n.name, on)]
}

// loseLink tells a node of the end of a link: its monitors first.
func (n *simNode) loseLink(other etf.Atom) {
	for _, id := range slices.Sorted(maps.Keys(n.core.monitors)) {
		m := n.core.monitors[id]
		if m != nil && n.watched[id] && nodeOf(m.what) == other {
			n.core.ended(id, atom("noconnection"))
		}
	}
	n.report(other)
	n.core.down(other)
}

func nodeOf(what etf.Term) etf.Atom {
	if pid, ok := what.(etf.Pid); ok {
		return pid.Node
	}
	return what.(etf.Tuple)[1].(etf.Atom)
}

// crash ends a node.
func (w *simWorld) crash(name etf.Atom) {
	n := w.nodes[name]
	if !n.alive {
		return
	}
	w.trace("crash %s", name)
	for _, other := range w.names {
		if w.links[pair(name, other)] {
			w.cut(name, other)
		}
	}
	n.alive = false
	for key := range w.queues {
		if key[1] == name {
			delete(w.queues, key)
		}
	}
}

// send implements outside.
func (n *simNode) send(from etf.Pid, on etf.Atom, to, msg etf.Term) {
	n.w.trace("%s > %s %s", n.name, on, etf.String(msg))
	if n.w.otp[n.name] || n.w.otp[on] {
		if msg = plain(msg); msg == nil {
			return
		}
	}
	if n.current(on) {
		n.w.put(n.name, on, func(n *simNode) { n.deliver(to, msg) })
	}
}

func (n *simNode) deliver(to, msg etf.Term) {
	pid, ok := to.(etf.Pid)
	if !ok {
		n.core.message(msg)
		return
	}
	if _, ok := n.procs[pid]; ok {
		if t, ok := msg.(etf.Tuple); ok {
			n.core.onReply(t)
		}
	}
}

// reply implements outside.
func (n *simNode) reply(to node.GenRequest, answer etf.Term) {
	n.send(n.core.server, to.From.Node, to.From, etf.Tuple{to.Tag, answer})
}

// monitor implements outside.
func (n *simNode) monitor(id uint64, on etf.Atom, what etf.Term) {
	n.watched[id] = true
	me, life, link := n.name, n.life, n.w.lives[pair(n.name, on)]
	if !n.current(on) {
		n.w.queue(me, me, func(n *simNode) { n.core.ended(id, atom("noconnection")) })
		return
	}
	tell := func(from *simNode, reason etf.Term) {
		if from.w.nodes[me].life == life && from.w.lives[pair(me, from.name)] == link {
			from.w.put(from.name, me, func(n *simNode) { n.core.ended(id, reason) })
		}
	}
	n.w.put(me, on, func(there *simNode) {
		pid, ok := what.(etf.Pid)
		if !ok {
			return // the server is always there
		}
		if _, alive := there.procs[pid]; !alive {
			tell(there, atom("noproc"))
			return
		}
		there.procs[pid] = append(there.procs[pid], func(reason etf.Term) { tell(there, reason) })
	})
}

// demonitor implements outside.
func (n *simNode) demonitor(id uint64) { delete(n.watched, id) }

// connect implements outside.
func (n *simNode) connect(to etf.Atom) {
	if n.dialled[to] {
		return
	}
	n.dialled[to] = true
	w, life := n.w, n.life
	w.later = append(w.later, func() {
		if w.nodes[n.name].life != life || !n.alive {
			return
		}
		w.link(n.name, to)
		w.queue(to, n.name, func(n *simNode) { delete(n.dialled, to); n.core.connectFailed(to) })
	})
}

// disconnect implements outside.
func (n *simNode) disconnect(from etf.Atom) { n.w.cut(n.name, from) }

// ref implements outside.
func (n *simNode) ref() etf.Ref {
	n.w.refs++
	return etf.MakeRef(n.name, n.life, n.w.refs)
}

// resolve implements outside: random_exit_name.
func (n *simNode) resolve(id uint64, on etf.Atom, c conflict) {
	w, life := n.w, n.life
	w.later = append(w.later, func() {
		var result etf.Term = etf.Tuple{atom("badrpc"), atom("nodedown")}
		if on == n.name || w.links[pair(on, n.name)] {
			least, greatest := c.ours, c.his
			if c.his.Node < c.ours.Node {
				least, greatest = c.his, c.ours
			}
			result = least
			if owner := w.nodes[greatest.Node]; w.alive(greatest.Node) && (greatest.Node == on || w.links[pair(on, greatest.Node)]) {
				owner.kill(greatest)
			}
		}
		if w.nodes[n.name].life == life {
			w.queue(n.name, n.name, func(n *simNode) { n.core.resolution(id, result) })
		}
	})
}

// step lets one thing happen; it says whether there was one but the passing of
// time.
func (w *simWorld) step() bool {
	var keys [][2]etf.Atom
	for key, q := range w.queues {
		if len(q) > 0 {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b [2]etf.Atom) int { return slices.Compare(a[:], b[:]) })
	choice := w.rand.IntN(len(keys) + len(w.later) + 1)
	switch {
	case choice < len(keys):
		key := keys[choice]
		do := w.queues[key][0]
		w.queues[key] = w.queues[key][1:]
		do()
		return true
	case choice < len(keys)+len(w.later):
		i := choice - len(keys)
		do := w.later[i]
		w.later = slices.Delete(w.later, i, i+1)
		do()
		return true
	}
	w.pass(time.Duration(w.rand.IntN(20)) * time.Millisecond)
	return false
}

// pass lets time pass, at most to the next timer and at least by atLeast.
func (w *simWorld) pass(atLeast time.Duration) {
	w.now = w.now.Add(atLeast)
	for _, name := range w.names {
		if n := w.nodes[name]; n.alive {
			n.core.in(w.now, nil)
		}
	}
}

// quiet says whether nothing is on its way.
func (w *simWorld) quiet() bool {
	for _, q := range w.queues {
		if len(q) > 0 {
			return false
		}
	}
	return len(w.later) == 0
}
