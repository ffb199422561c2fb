package transport

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	psrtp "github.com/pion/srtp/v3"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/srtp"
	"github.com/fjord-media/fjord/sfu/tally"
)

const (
	queueLimit = 1024                   // packets that wait for the media goroutine
	tickPeriod = 50 * time.Millisecond  // of the media goroutine while media flows
	idlePeriod = 500 * time.Millisecond // otherwise
	idleAfter  = int64(2 * time.Second)
)

// Session is the connection to one client. It implements Transport.
type Session struct {
	socket  *Socket
	name    string
	handler Handler
	route   atomic.Pointer[Route]
	sealer  atomic.Pointer[srtp.Sealer]
	heard   atomic.Int64 // when something authentic came last
	period  atomic.Int64 // between ticks, if it is not the usual one
	dtls    *dtlsEnd
	done    chan struct{} // closed when the session is
	wake    chan struct{}
	tally   *tally.Shard
	batches int // taken by the media goroutine

	// guarded by socket.mu
	closed      bool
	generations int
	known       []*generation
	direct      []*Route

	mu      sync.Mutex
	queue   []*rtp.Packet
	started bool // DTLS
	opener  *srtp.Opener
	control *control // RTCP; nil: no keys yet
}

// control protects RTCP (RFC 3711 §3.4), which is rare: Pion does it.
type control struct {
	in  *psrtp.Context // of the media goroutine
	mu  sync.Mutex
	out *psrtp.Context
}

// NewSession makes the connection to a client; name is for logs. Errors:
// ErrClosed.
func (s *Socket) NewSession(name string, h Handler) (*Session, error) {
	c := &Session{socket: s, name: name, handler: h, done: make(chan struct{}), wake: make(chan struct{}, 1), tally: s.options.Tally.Shard()}
	c.dtls = newDTLSEnd(c)
	c.heard.Store(s.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.tasks.Go("session "+name, c.loop) {
		return nil, fmt.Errorf("session %s: %w", name, ErrClosed)
	}
	s.sessions[c] = struct{}{}
	return c, nil
}

// Sealer implements Transport.
func (c *Session) Sealer() *srtp.Sealer { return c.sealer.Load() }

// Route implements Transport.
func (c *Session) Route() *Route { return c.route.Load() }

// Transmit implements Transport.
func (c *Session) Transmit(b *Batch) { b.flush() }

// Silence implements Transport.
func (c *Session) Silence() int64 { return c.socket.Now() - c.heard.Load() }

// SendRTCP implements Transport.
func (c *Session) SendRTCP(packet []byte) error {
	c.mu.Lock()
	k := c.control
	c.mu.Unlock()
	r := c.route.Load()
	if k == nil || r == nil {
		return ErrNotReady
	}
	k.mu.Lock()
	sealed, err := k.out.EncryptRTCP(nil, packet, nil)
	k.mu.Unlock()
	if err != nil {
		return fmt.Errorf("protect RTCP: %w", err)
	}
	r.sendControl(sealed)
	return nil
}

// checked notes an authentic check: the client lives, and perhaps nominated
// its route.
func (c *Session) checked(g *generation, r *Route, nominated bool) {
	c.heard.Store(c.socket.Now())
	first := c.route.CompareAndSwap(nil, r)
	if nominated && !first {
		c.route.Store(r)
	}
	c.mu.Lock()
	begin := !c.started
	c.started = true
	news := nominated && !g.confirmed
	g.confirmed = g.confirmed || nominated
	c.mu.Unlock()
	if begin {
		c.socket.tasks.Go("dtls "+c.name, c.handshake)
	}
	if news {
		c.handler.Confirmed(g.number)
	}
}

// enqueue leaves a packet to the media goroutine.
func (c *Session) enqueue(p *rtp.Packet) {
	c.mu.Lock()
	if full := len(c.queue) >= queueLimit; full || c.opener == nil {
		c.mu.Unlock()
		p.Release()
		if full {
			c.tally.Dropped.Add(1)
		}
		return
	}
	c.queue = append(c.queue, p)
	first := len(c.queue) == 1
	c.mu.Unlock()
	if first {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// loop is the media goroutine. Its panic is the end of this client only.
func (c *Session) loop(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &run.PanicError{Name: "session " + c.name, Value: v, Stack: debug.Stack()}
			c.handler.Failed(err)
		}
	}()
	var batch, media []*rtp.Packet
	timer := time.NewTimer(idlePeriod)
	defer timer.Stop()
	due := c.socket.Now() + int64(tickPeriod)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.done:
			return nil
		case <-c.wake:
		case <-timer.C:
		}
		c.mu.Lock()
		batch, c.queue = c.queue, batch[:0]
		opener, control := c.opener, c.control
		c.mu.Unlock()
		if len(batch) > 0 {
			media = c.measure(batch, media[:0], opener, control)
		}
		period := tickPeriod
		if n := c.period.Load(); n > 0 {
			period = time.Duration(n)
		}
		if now := c.socket.Now(); now >= due {
			c.handler.Tick(now)
			due = now + int64(period)
		}
		if c.Silence() > idleAfter || opener == nil {
			period = idlePeriod
		}
		timer.Reset(period)
	}
}

// sampling is how many batches there are for each that is measured: clocks cost.
const sampling = 8

// measure takes a batch, and now and then looks at the clock.
func (c *Session) measure(batch, media []*rtp.Packet, opener *srtp.Opener, k *control) []*rtp.Packet {
	if c.batches++; c.batches%sampling != 1 {
		return c.take(batch, media, opener, k)
	}
	arrival := batch[0].Arrival
	c.tally.Queue.Observe(c.socket.Now() - arrival)
	media = c.take(batch, media, opener, k)
	c.tally.Latency.Observe(c.socket.Now() - arrival)
	return media
}

// take opens packets and hands them on in the order they came.
func (c *Session) take(batch, media []*rtp.Packet, opener *srtp.Opener, k *control) []*rtp.Packet {
	for _, p := range batch {
		if isRTCP(p.Bytes()) {
			if len(media) > 0 {
				c.handler.RTP(media)
				media = media[:0]
			}
			c.takeRTCP(p, k)
			continue
		}
		if openRTP(p, opener) {
			media = append(media, p)
		}
	}
	if len(media) > 0 {
		c.heard.Store(c.socket.Now())
		c.handler.RTP(media)
	}
	for i, p := range batch {
		p.Release()
		batch[i] = nil
	}
	return media
}

func openRTP(p *rtp.Packet, opener *srtp.Opener) bool {
	b := p.Bytes()
	n, err := rtp.HeaderLength(b)
	if err != nil {
		return false
	}
	plain, err := opener.Open(b, n)
	if err != nil {
		return false
	}
	p.SetSize(len(plain))
	return p.Parse() == nil
}

func (c *Session) takeRTCP(p *rtp.Packet, k *control) {
	plain, err := k.in.DecryptRTCP(nil, p.Bytes(), nil)
	if err != nil {
		return
	}
	c.heard.Store(c.socket.Now())
	c.handler.RTCP(plain, p.Arrival)
}

// Close implements Transport.
func (c *Session) Close() {
	s := c.socket
	s.mu.Lock()
	if c.closed {
		s.mu.Unlock()
		return
	}
	c.closed = true
	delete(s.sessions, c)
	for _, g := range c.known {
		delete(s.byUfrag, g.fragment)
	}
	for _, r := range c.direct {
		if s.direct[r.addr] == r {
			delete(s.direct, r.addr)
		}
		r.owner.Store(nil)
	}
	c.direct, c.known = nil, nil
	s.mu.Unlock()
	c.dtls.shut()
	close(c.done)
}

// SetPeriod changes the time between ticks while media flows; 0: the usual one.
func (c *Session) SetPeriod(d time.Duration) { c.period.Store(int64(d)) }

// Now is the socket's clock.
func (c *Session) Now() int64 { return c.socket.Now() }
