package node

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// linkState is where a link is in its life. Guarded by registry.mu.
type linkState int

const (
	linkAccepting linkState = iota // holds its name, its ack is not out yet
	linkUp
	linkEnding // what hung on it is being told
)

// link is the connection to one node, or for the node's own processes the way
// to themselves (dist is nil then).
type link struct {
	name    string
	node    *Node
	out     *outbox
	dialled bool        // we dialled
	told    dist.Status // as acceptor: the status we gave
	order   uint64      // grows with the time the handshake began
	conn    net.Conn
	ready   chan struct{} // closed when up and announced
	gone    chan struct{} // closed when all is over and the name is free

	mu     sync.Mutex
	peer   dist.Peer
	dist   *dist.Link
	reason error // why we closed it

	state linkState // guarded by registry.mu

	// Guarded by Node.relations.
	closed   bool
	watching map[etf.Ref]*Process // our monitors of the peer's processes
	watched  map[etf.Ref]*Process // the peer's monitors of ours
	tied     map[tieKey]struct{}  // links between our processes and the peer's

	calls int // running calls from this peer; guarded by callLimit.mu
}

func (n *Node) newLink(name string, conn net.Conn) *link {
	return &link{
		name: name, node: n, conn: conn, out: newOutbox(),
		ready: make(chan struct{}), gone: make(chan struct{}),
		watching: map[etf.Ref]*Process{}, watched: map[etf.Ref]*Process{}, tied: map[tieKey]struct{}{},
	}
}

// hidden says whether the peer, or this node, is a hidden one.
func (l *link) hidden() bool { return !l.peer.Flags.Has(dist.Published) }

// has says whether both sides have the capability. Our own side has all.
func (l *link) has(f dist.Flags) bool { return l.dist == nil || l.peer.Flags.Has(f) }

// beats says which of two authenticated connections to one peer stays: of two
// that the peer made the later one; of one from each side the one dialled by
// the greater name, as with simultaneous connects, unless the peer asked to
// replace the other ("alive").
func (l *link) beats(old *link, self string) bool {
	if l.dialled == old.dialled {
		return l.order > old.order
	}
	if l.told == dist.StatusAlive && l.order > old.order {
		return true
	}
	return l.dialled == (self > l.name)
}

// begin makes the distribution link of a finished handshake. It fails when the
// link was closed meanwhile.
func (l *link) begin(peer dist.Peer) error {
	n := l.node
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != nil {
		return l.reason
	}
	l.peer = peer
	l.dist = dist.NewLink(l.conn, n.local(), peer, dist.LinkOptions{
		TickTime: n.opts.NetTickTime,
		Logger:   n.log.With("node", l.name),
		Deliver:  l.deliver,
	})
	return nil
}

// close ends the link; the first reason counts. Safe at any time.
func (l *link) close(reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason == nil {
		l.reason = reason
	}
	if l.dist != nil {
		l.dist.Close(l.reason)
		return
	}
	if l.conn != nil {
		_ = l.conn.Close() // a handshake that is under way ends with it
	}
}

// deliver hands a received signal on. It runs on the link's reader, which
// pauses while too many answers are queued.
func (l *link) deliver(sig dist.Signal) {
	if l.out.full() {
		_ = l.out.room(l.node.group.Context()) // an error means the link ends
	}
	l.node.dispatch(l, sig)
}

// loan is the memory of the signal being delivered.
func (l *link) loan() dist.Loan {
	if l.dist == nil {
		return dist.Loan{}
	}
	return l.dist.Loan()
}

// post sends a signal of the node itself; it never blocks. What the socket's
// buffer does not take waits in the outbox, and so does what comes after it.
func (l *link) post(sig dist.Signal) {
	if l.dist != nil {
		l.postBy(l.dist.Post, sig)
		return
	}
	l.out.post(sig)
}

// postLater is post for deliver, for a signal that is soon followed by another.
func (l *link) postLater(sig dist.Signal) {
	if l.dist != nil {
		l.postBy(l.dist.PostLater, sig)
		return
	}
	l.out.post(sig)
}

func (l *link) postBy(post func(dist.Signal) error, sig dist.Signal) {
	if l.out.idle() {
		switch err := post(sig); {
		case err == nil:
			return
		case !errors.Is(err, dist.ErrBusy):
			l.substitute(sig, err)
			return
		}
	}
	l.out.post(sig)
}

// substitute sends what stands for a signal that could not be encoded, where
// somebody waits for it.
func (l *link) substitute(sig dist.Signal, err error) {
	if errors.Is(err, dist.ErrClosed) {
		return
	}
	if other, ok := unencodable(sig); ok {
		l.out.post(other)
		return
	}
	l.node.log.Debug("a signal cannot be sent", "node", l.name, "error", err)
}

// send sends a signal after all that was posted. It blocks while the link is
// busy, until ctx is done.
func (l *link) send(ctx context.Context, sig dist.Signal) error {
	if l.dist == nil {
		return l.sendLocal(ctx, sig)
	}
	return l.sendBy(ctx, l.dist.Send, sig)
}

// sendLater is send for a signal that the caller follows by another one at once.
func (l *link) sendLater(ctx context.Context, sig dist.Signal) error {
	if l.dist == nil {
		return l.sendLocal(ctx, sig)
	}
	return l.sendBy(ctx, l.dist.SendLater, sig)
}

func (l *link) sendBy(ctx context.Context, send func(context.Context, dist.Signal) error, sig dist.Signal) error {
	if err := l.out.settle(ctx); err != nil {
		return err
	}
	err := send(ctx, sig)
	if errors.Is(err, dist.ErrClosed) {
		return as(ErrNoConnection, err)
	}
	return err
}

// sendLocal sends a signal to the node's own processes. Monitors and links take
// effect at once when nothing is queued before them, so that who monitors a
// process and then ends it sees the reason.
func (l *link) sendLocal(ctx context.Context, sig dist.Signal) error {
	switch sig.(type) {
	case dist.SigMonitor, dist.SigLink: // these call nobody's callbacks
		if l.out.idle() {
			l.node.dispatch(l, sig)
			return nil
		}
	}
	if err := l.out.room(ctx); err != nil {
		return err
	}
	l.post(sig)
	return nil
}

// pump sends what is posted until the link ends.
func (l *link) pump(ctx context.Context) error {
	l.out.run(ctx, func(sig dist.Signal) { l.pass(ctx, sig) })
	return nil
}

// pumpOnDemand begins to send what is posted when there is something.
func (l *link) pumpOnDemand() {
	l.out.onDemand(func() {
		l.node.group.Go("answers to "+l.name, func(ctx context.Context) error {
			l.out.drain(ctx, func(sig dist.Signal) { l.pass(ctx, sig) })
			return nil
		})
	})
}

// pass sends a posted signal. What cannot be encoded is replaced, since
// somebody waits for it.
func (l *link) pass(ctx context.Context, sig dist.Signal) {
	if l.dist == nil {
		l.node.dispatch(l, sig)
		return
	}
	if err := l.dist.Send(ctx, sig); err != nil {
		l.substitute(sig, err)
	}
}
