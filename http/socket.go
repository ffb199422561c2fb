package httpapi

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// clock says when a socket pings and when it ends.
type clock struct {
	pingEvery time.Duration // counted from authentication
	maxSilent time.Duration // without a byte from the client
}

// usual is the original's clock.
func usual() clock { return clock{pingEvery: 30 * time.Second, maxSilent: 60 * time.Second} }

// Pace of the writing.
const (
	// pause between two writes to a peer: bursts become few large writes.
	// Those to listeners come in the rounds of a topic.
	pause = 2 * time.Millisecond
	// closeWait is how long the client may take to answer a close frame.
	closeWait = 2 * time.Second
	// leaveWait is that when the node stops.
	leaveWait = 200 * time.Millisecond
	// maxWrite is how many bytes are written at once.
	maxWrite = 64 << 10
)

// socket is an accepted websocket: frames to the client go through its
// outbox; the goroutine of its request reads.
type socket struct {
	*outbox
	ws      *websocket.Conn
	conn    *socketConn
	clock   clock
	listens atomic.Bool   // a topic says when to write
	started chan struct{} // closed when pings begin
	done    chan struct{} // closed when nothing is written any more
}

func newSocket(ws *websocket.Conn, conn *socketConn, clock clock) *socket {
	return &socket{
		outbox: newOutbox(), ws: ws, conn: conn, clock: clock,
		started: make(chan struct{}), done: make(chan struct{}),
	}
}

// startPings begins the pings; it is called once, after authentication.
func (s *socket) startPings() { close(s.started) }

// read is the client's next message. The error means that the socket is over:
// the client has gone or said goodbye, the library has told it what was wrong,
// or its frames make no sense, of which the library says nothing.
func (s *socket) read(ctx context.Context) (websocket.MessageType, []byte, error) {
	kind, message, err := s.ws.Read(ctx)
	if err != nil {
		s.close(closeProtocol, "")
	}
	return kind, message, err
}

// write writes what the outbox gets until the socket ends, whoever ends it;
// after it the connection is closed.
func (s *socket) write(ctx context.Context) error {
	defer close(s.done)
	silence := time.NewTimer(s.clock.maxSilent)
	defer silence.Stop()
	w := writer{socket: s, started: s.started}
	defer w.stop()
	for {
		select {
		case <-ctx.Done():
			return w.leave(ctx)
		case <-w.started:
			w.started = nil
			w.pings = time.NewTicker(s.clock.pingEvery)
			w.tick = w.pings.C
		case <-w.tick:
			if _, err := s.conn.Write([]byte(pingFrame)); err != nil {
				return s.ws.CloseNow()
			}
		case <-silence.C:
			left := s.clock.maxSilent - s.conn.silence()
			if left <= 0 {
				s.close(closeNormal, "")
				left = s.clock.maxSilent
			}
			silence.Reset(left)
		case <-s.wake:
			if end, err := w.flush(); end != nil || err != nil {
				return s.finish(ctx, end)
			}
			if !s.listens.Load() {
				pauseFor(ctx, pause)
			}
		}
	}
}

// finish says goodbye if there is a reason to. ctx ends when the node stops:
// clients that do not answer, such as dead phones, must not hold that up.
func (s *socket) finish(ctx context.Context, end *closing) error {
	if end == nil {
		return s.ws.CloseNow() // the client does not take what we write
	}
	timer := time.AfterFunc(closeWait, func() { _ = s.conn.Close() })
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { timer.Reset(leaveWait) })()
	return s.ws.Close(websocket.StatusCode(end.code), end.reason)
}

// writer is the state of a socket's writing goroutine.
type writer struct {
	socket  *socket
	started <-chan struct{} // nil: pings run
	pings   *time.Ticker
	tick    <-chan time.Time
	spare   [][]byte
	buffer  []byte
}

func (w *writer) stop() {
	if w.pings != nil {
		w.pings.Stop()
	}
}

// flush writes all that waits, in few writes.
func (w *writer) flush() (*closing, error) {
	frames, feeds, end := w.socket.take(w.spare)
	for _, f := range frames {
		if len(w.buffer) > 0 && len(w.buffer)+len(f) > maxWrite {
			if err := w.emit(); err != nil {
				return end, err
			}
		}
		w.buffer = append(w.buffer, f...)
	}
	clear(frames)
	if w.spare = frames; cap(frames) > 1024 {
		w.spare = nil
	}
	if err := w.emit(); err != nil {
		return end, err
	}
	for _, f := range feeds {
		for b := f.take(); b != nil; b = f.take() {
			if _, err := w.socket.conn.Write(b); err != nil {
				return end, err
			}
		}
	}
	return end, nil
}

// leave writes what waits, and that the node stops unless the socket has got its
// own end.
func (w *writer) leave(ctx context.Context) error {
	s := w.socket
	end, err := w.flush()
	if err == nil && end != nil {
		return s.finish(ctx, end)
	}
	if err == nil {
		_, _ = s.conn.Write([]byte(goingAwayFrame)) // the client may be gone
	}
	return s.ws.CloseNow()
}

func (w *writer) emit() error {
	if len(w.buffer) == 0 {
		return nil
	}
	_, err := w.socket.conn.Write(w.buffer)
	if w.buffer = w.buffer[:0]; cap(w.buffer) > 4096 {
		w.buffer = nil // idle sockets hold nothing
	}
	return err
}

func pauseFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
