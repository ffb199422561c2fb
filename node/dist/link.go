package dist

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node/etf"
)

// LinkOptions configure a link; zero values mean defaults.
type LinkOptions struct {
	TickTime   time.Duration // net_ticktime: default 60 s; ticks go out at a quarter of it
	MaxMessage int           // bytes of one incoming message, default 512 MiB
	Buffer     int           // bytes queued to the socket before Send blocks, default 1 MiB; twice that with messages over 128 KiB
	Logger     *slog.Logger
	// Deliver is called by the one reader goroutine, in arrival order. It must
	// not block for long, and it must not call Send, which may wait for the
	// peer to read: Post is for answers given here.
	Deliver func(sig Signal)
}

// Defaults of LinkOptions.
const (
	DefaultTickTime   = 60 * time.Second
	DefaultMaxMessage = 512 << 20
	DefaultBuffer     = 1 << 20 // as +zdbbl of erl
)

func (o LinkOptions) withDefaults() LinkOptions {
	if o.TickTime <= 0 {
		o.TickTime = DefaultTickTime
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Deliver == nil {
		o.Deliver = func(Signal) {}
	}
	return o
}

// Link is one connection in the connected phase. Its methods may be called by
// any goroutine.
type Link struct {
	conn  net.Conn
	local Local
	peer  Peer
	opts  LinkOptions
	queue *queue
	out   *writer
	stats counters
	clock *clock

	lender  lender
	aside   func()  // to be called by the reader, whose field it is
	ticker  *ticker // of Start, as ended is
	ended   func()
	closing sync.Once
	reason  error // set before queue.done is closed
}

// NewLink makes a link on a connection whose handshake is done. Nothing runs
// yet. The link owns conn from here on: Run or Close close it.
func NewLink(conn net.Conn, local Local, peer Peer, opts LinkOptions) *Link {
	l := &Link{
		conn: conn, local: local, peer: peer, opts: opts.withDefaults(),
		clock: newClock(),
	}
	l.queue = newQueue(l.opts.Buffer, peer.Flags)
	l.out = &writer{
		conn: conn, direct: newDirect(conn), vectored: vectored(conn),
		queue: l.queue, stats: &l.stats, clock: l.clock,
	}
	limitUnsent(conn)
	return l
}

// Start serves the link with goroutines of group: a reader, and a writer when
// there is more to write than fits the socket at once. Once the link is over
// ended is called, with the reason: that given to Close, ErrTickedOut,
// ErrPeerClosed, ErrFrame, ErrLimit, an error of the connection, or the cause of
// the end of the group's context. False: the group is stopped; nothing runs, and
// ended is not called. To be called once, or Run instead.
func (l *Link) Start(group *run.Group, ended func(reason error)) bool {
	ctx := group.Context()
	stop := context.AfterFunc(ctx, func() { l.Close(context.Cause(ctx)) })
	l.ticker = startTicker(l)
	l.ended = func() {
		l.Close(ErrClosed) // in case Deliver panicked
		l.ticker.stop()
		stop()
		ended(l.reason)
	}
	l.queue.begun(func() { group.Go("writer", l.write) })
	reader := newReader(l)
	reader.watch.hand = func() {
		if !group.Go("link "+l.peer.Name, reader.serve) {
			l.ended()
		}
	}
	if group.Go("link "+l.peer.Name, reader.serve) {
		return true
	}
	l.ticker.stop()
	stop()
	return false
}

// stopTimeout bounds how long Run waits for the writer after the connection is
// closed.
const stopTimeout = 5 * time.Second

// Run is Start with goroutines of its own; it returns the reason, never nil.
func (l *Link) Run(ctx context.Context) error {
	group := run.NewGroup(ctx, "link", l.opts.Logger)
	over := make(chan struct{})
	if l.Start(group, func(error) { close(over) }) {
		<-over
	} else {
		l.Close(context.Cause(ctx))
	}
	waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := group.StopAndWait(waiting); err != nil {
		l.opts.Logger.Error("link goroutines do not end", "peer", l.peer.Name, "error", err)
	}
	return l.reason
}

// write runs the writer's goroutine.
func (l *Link) write(ctx context.Context) error {
	if err := l.out.run(ctx); err != nil {
		l.Close(connError("write", err))
	}
	return nil
}

// Send queues a signal. It blocks while more than Buffer bytes are queued
// (as the BEAM's busy port) and fails when ctx is done or the link ended.
// A term that cannot be encoded is an error that leaves the link as it is.
// What one process (From) sends arrives in order; small signals overtake large
// ones of other processes, and do not wait for room because of them.
func (l *Link) Send(ctx context.Context, sig Signal) error {
	err := l.send(ctx, sig)
	if err == nil {
		l.out.flush()
	}
	return err
}

// SendLater is Send for a signal that another one will follow at once: it goes out
// with that.
func (l *Link) SendLater(ctx context.Context, sig Signal) error {
	err := l.send(ctx, sig)
	if err == nil {
		l.queue.late.Store(true)
	}
	return err
}

func (l *Link) send(ctx context.Context, sig Signal) error {
	m, err := l.encode(sig)
	if err != nil {
		return err
	}
	return l.explain(l.queue.push(ctx, m))
}

// Post is Send for those that must not wait, such as Deliver: when more than
// four times Buffer is queued it fails with ErrBusy. Use it for the small
// answers of the protocol.
func (l *Link) Post(sig Signal) error {
	err := l.post(sig)
	if err == nil {
		l.out.flush()
	}
	return err
}

// PostLater is Post for Deliver, for a signal that another one will soon
// follow: it goes out with that, or when Deliver has returned.
func (l *Link) PostLater(sig Signal) error {
	err := l.post(sig)
	if err == nil {
		l.queue.late.Store(true)
	}
	return err
}

func (l *Link) post(sig Signal) error {
	m, err := l.encode(sig)
	if err != nil {
		return err
	}
	_, err = l.queue.tryPush(m, 4*l.opts.Buffer)
	return l.explain(err)
}

func (l *Link) encode(sig Signal) (*message, error) {
	m := l.queue.message()
	err := m.encode(sig, l.peer.Flags)
	if err == nil && uint64(m.length()) > maxBody && !l.queue.isLarge(m) {
		err = fmt.Errorf("%w: one frame of %d bytes", etf.ErrTooLarge, m.length())
	}
	if err != nil {
		l.queue.giveBack(m)
		return nil, fmt.Errorf("send %T to %s: %w", sig, l.peer.Name, err)
	}
	return m, nil
}

// explain puts the reason of the link's end into an error of the queue.
func (l *Link) explain(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-l.queue.done:
		return fmt.Errorf("send to %s: %w: %w", l.peer.Name, ErrClosed, l.reason)
	default:
		return fmt.Errorf("send to %s: %w", l.peer.Name, err)
	}
}

// Close ends the link; Run returns reason (nil: ErrClosed). What is queued is
// not sent. Only the first call counts.
func (l *Link) Close(reason error) {
	l.closing.Do(func() {
		if reason == nil {
			reason = ErrClosed
		}
		l.reason = reason
		l.queue.close()
		_ = l.conn.Close() // the link is over either way
	})
}

// Done is closed when the link ends.
func (l *Link) Done() <-chan struct{} { return l.queue.done }

// Peer is what the handshake told.
func (l *Link) Peer() Peer { return l.peer }
