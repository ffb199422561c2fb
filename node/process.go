package node

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"unicode/utf8"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// Message is something that arrived for a process.
type Message struct {
	From etf.Pid  // zero when unknown
	Term etf.Term // the message itself
	loan dist.Loan
}

// Release lets the memory of the binaries in m.Term be used for another message
// once the Message callback has returned. It is optional. Without it the garbage
// collector finds out what is not used any more, which is most of what a flood
// of binaries of some 32 to 68 KB costs. A callback may call it that has nothing
// of these binaries left when it returns: it has kept, posted or handed on copies
// at most. After the callback has returned it does nothing.
func (m Message) Release() { m.loan.Return() }

// Callbacks of a process. Signals of one sender come in the order it sent them.
// The reader of the link calls them, so they must not block: no Send, Monitor,
// Link, Call or Connect; Post, PostReply, Demonitor, Unlink and Terminate never
// block. Signals of different nodes
// may be called at the same time. A callback that panics ends the process.
//
// nil callbacks behave as a plain BEAM process would: messages and Down are
// dropped, an exit signal ends the process with its reason unless that is
// normal.
type Callbacks struct {
	Message func(Message)
	// Exit makes the process one that traps exits, as with
	// process_flag(trap_exit, true): it gets all exit signals, those of linked
	// processes and those of exit(Pid, Reason), with reason normal too, and
	// decides whether the process ends. (It gets even "kill"; a Mailbox ends
	// with that.)
	Exit func(from etf.Pid, reason etf.Term)
	// Down gets the end of what Monitor watched: what is the pid or
	// {Name, Node} that Monitor was given.
	Down func(ref etf.Ref, what etf.Term, reason etf.Term)
}

// Process is a local process: a pid, perhaps a name, and callbacks.
type Process struct {
	node *Node
	pid  etf.Pid
	name etf.Atom // "" when unregistered
	cb   Callbacks
	dead atomic.Bool

	onEnd   func()  // called once when the process has ended; may be nil
	request etf.Ref // the SPAWN_REQUEST it serves: onEnd is called too when that is demonitored

	// Guarded by Node.relations.
	ended    bool
	watchers map[etf.Ref]watcher
	monitors map[etf.Ref]monitor
	ties     map[etf.Pid]*tie

	aliases []etf.Ref // guarded by waiters.mu
}

// Spawn makes a process. name "" means unregistered. Errors: ErrNameTaken when
// a process has the name, ErrBadName when it is no name of a process.
func (n *Node) Spawn(name string, cb Callbacks) (*Process, error) {
	return n.spawn(&Process{name: etf.Atom(name), cb: cb})
}

func (n *Node) spawn(p *Process) (*Process, error) {
	p.node = n
	name := string(p.name)
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 255 || name == "undefined" {
		return nil, fmt.Errorf("spawn %q: %w", name, ErrBadName)
	}
	if err := n.procs.add(p, n.ids.pid); err != nil {
		return nil, fmt.Errorf("spawn %s: %w", name, err)
	}
	return p, nil
}

// unwatched is told that nobody waits any more for what ref asked for.
func (p *Process) unwatched(ref etf.Ref) {
	if p.onEnd != nil && p.request == ref {
		p.onEnd()
	}
}

// Pid is the process identifier.
func (p *Process) Pid() etf.Pid { return p.pid }

// Name is the registered name, "" when there is none.
func (p *Process) Name() string { return string(p.name) }

// Node is the node of the process.
func (p *Process) Node() *Node { return p.node }

// Alive says whether the process has not ended.
func (p *Process) Alive() bool { return !p.dead.Load() }

// Terminate ends the process: its name is free at once, monitors of it get
// DOWN and links EXIT with reason ("kill" becomes "killed"). Callbacks that run
// finish, no new ones begin. Further calls do nothing. It does not block.
func (p *Process) Terminate(reason etf.Term) {
	n := p.node
	out, first := n.bury(p, othersReason(reason))
	if !first {
		return
	}
	if p.onEnd != nil {
		p.onEnd()
	}
	n.procs.remove(p)
	n.waiters.dropAliases(p)
	for _, o := range out {
		o.link.post(o.signal)
	}
}

// othersReason is what others see of an exit reason.
func othersReason(reason etf.Term) etf.Term {
	if reason == etf.Term(atomKill) {
		return atomKilled
	}
	return reason
}

// outgoing is a signal and its way.
type outgoing struct {
	link   *link
	signal dist.Signal
}

// bury marks p as ended and returns whom to tell; first is false the second time.
func (n *Node) bury(p *Process, reason etf.Term) (out []outgoing, first bool) {
	n.relations.Lock()
	defer n.relations.Unlock()
	if p.ended {
		return nil, false
	}
	p.ended = true
	p.dead.Store(true)
	out = n.buryMonitors(p, reason)
	out = append(out, n.buryTies(p, reason)...)
	p.watchers, p.monitors, p.ties = nil, nil, nil
	return out, true
}

// guard calls a callback of p; a panic ends p, not the link that delivers.
func (p *Process) guard(call func()) {
	defer func() {
		if v := recover(); v != nil {
			p.node.log.Error("process callback panicked", "process", etf.String(p.pid), "name", p.name,
				"panic", v, "stack", string(debug.Stack()))
			p.Terminate(panicReason(v))
		}
	}()
	call()
}

// panicReason is what a Go panic looks like in Erlang.
func panicReason(v any) etf.Term {
	return etf.Tuple{etf.Atom("go_panic"), []byte(fmt.Sprint(v))}
}

func (p *Process) message(m Message) {
	if p.cb.Message != nil && p.Alive() {
		p.guard(func() { p.cb.Message(m) })
	}
}

func (p *Process) down(ref etf.Ref, what, reason etf.Term) {
	if p.cb.Down != nil && p.Alive() {
		p.guard(func() { p.cb.Down(ref, what, reason) })
	}
}

// exit gives p an exit signal (Erlang Reference Manual, "Processes", "Receiving
// Exit Signals").
func (p *Process) exit(from etf.Pid, reason etf.Term) {
	switch {
	case !p.Alive():
	case p.cb.Exit != nil:
		p.guard(func() { p.cb.Exit(from, reason) })
	case reason != etf.Term(atomNormal):
		p.Terminate(reason)
	}
}
