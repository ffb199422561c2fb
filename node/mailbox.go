package node

import (
	"context"

	"github.com/fjord-media/fjord/node/etf"
)

// DefaultMailboxSize is the capacity of a Mailbox made with size 0.
const DefaultMailboxSize = 1024

// ExitSignal is an exit signal that a Mailbox received: a Mailbox traps exits, so
// it gets those with reason normal, too, which a plain BEAM process ignores.
type ExitSignal struct {
	From   etf.Pid
	Reason etf.Term
}

// DownSignal tells a Mailbox of the end of something it monitored.
type DownSignal struct {
	Ref    etf.Ref
	What   etf.Term // the pid or {Name, Node} that Monitor was given
	Reason etf.Term
}

// Mailbox is a process whose signals wait in a queue until Receive takes them.
// When the queue is full, the link that brings the next signal pauses, and with
// it all processes of that node that send here, as with a busy port between BEAM
// nodes: they wait once the sockets' buffers and their own node's buffer (1 MB,
// +zdbbl of erl) are full. Nothing is lost, and the link does not count as silent
// meanwhile; but what else that node sends here, a ping included, waits as well.
// (A BEAM node would take everything and grow.) So a Mailbox has to be read or
// closed. Links to other nodes go on.
type Mailbox struct {
	*Process
	items chan any
	done  chan struct{}
}

// Mailbox makes a process with a queue of size signals (0: DefaultMailboxSize).
// Errors are those of Spawn.
func (n *Node) Mailbox(name string, size int) (*Mailbox, error) {
	m := &Mailbox{items: make(chan any, orDefault(size, DefaultMailboxSize)), done: make(chan struct{})}
	p, err := n.spawn(&Process{name: etf.Atom(name), onEnd: func() { close(m.done) }, cb: Callbacks{
		Message: func(msg Message) { m.put(msg) },
		Exit:    func(from etf.Pid, reason etf.Term) { m.exit(from, reason) },
		Down:    func(ref etf.Ref, what, reason etf.Term) { m.put(DownSignal{Ref: ref, What: what, Reason: reason}) },
	}})
	if err != nil {
		return nil, err
	}
	m.Process = p
	return m, nil
}

func (m *Mailbox) put(item any) {
	select {
	case m.items <- item:
	case <-m.done:
	case <-m.node.group.Context().Done():
	}
}

// exit queues an exit signal, except kill, which cannot be trapped.
func (m *Mailbox) exit(from etf.Pid, reason etf.Term) {
	if reason == etf.Term(atomKill) {
		m.Terminate(atomKilled)
		return
	}
	m.put(ExitSignal{From: from, Reason: reason})
}

// Receive takes the next signal: a Message, an ExitSignal or a DownSignal. It
// fails with ErrNoProc when the mailbox is closed, with ErrLeaving when the node
// stops, and with ctx's error.
func (m *Mailbox) Receive(ctx context.Context) (any, error) {
	select {
	case item := <-m.items:
		return item, nil
	default:
	}
	select {
	case item := <-m.items:
		return item, nil
	case <-m.done:
		return nil, ErrNoProc
	case <-m.node.group.Context().Done():
		return nil, ErrLeaving
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close ends the process with reason normal; Receive fails from then on.
func (m *Mailbox) Close() { m.Terminate(atomNormal) }
