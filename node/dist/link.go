package dist

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
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

// stopTimeout bounds how long Run waits for its goroutines after the
// connection is closed.
const stopTimeout = 5 * time.Second

// Run serves the link (reader, timer, and a writer when there is more to write
// than fits the socket at once) and returns why it ended. Never
// nil: the reason given to Close, ErrTickedOut, ErrPeerClosed, ErrFrame,
// ErrLimit, an error of the connection, or the cause of ctx's end. To be called
// once.
func (l *Link) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { l.Close(context.Cause(ctx)) })
	defer stop()
	defer l.Close(ErrClosed) // in case Deliver panics
	group := run.NewGroup(ctx, "link "+l.peer.Name, l.opts.Logger)
	l.queue.begun(func() { group.Go("writer", l.write) })
	ticker := startTicker(l)
	defer ticker.stop()
	l.Close(newReader(l).run())
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
	m, err := l.encode(sig)
	if err != nil {
		return err
	}
	err = l.queue.push(ctx, m)
	if err == nil {
		l.out.flush()
	}
	return l.explain(err)
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
	if err := m.encode(sig, l.peer.Flags); err != nil {
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
