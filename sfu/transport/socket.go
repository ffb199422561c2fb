package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/turn"
)

// Options configures the media socket.
type Options struct {
	AdvertiseIP      netip.Addr // what clients are told
	ListenIP         netip.Addr // what sockets bind to
	PortMin, PortMax int        // range of the UDP port; 0: any
	TCPPort          int        // TURN over TCP; 0: none
	TLSPort          int        // TURN over TLS; 0: none
	TLS              *tls.Config
	Logger           *slog.Logger
	Tally            *tally.Set // counts; nil: nobody wants to know

	greetings     int           // TLS handshakes at once; 0: maxGreetings
	greetingLimit time.Duration // for each; 0: greetingLimit
}

const (
	kernelBuffer = 4 << 20 // bytes asked for, each way
	sweepPeriod  = 10 * time.Second
	closeLimit   = 5 * time.Second
)

// Socket is the media socket of a node: all clients' datagrams come and go
// here.
type Socket struct {
	options  Options
	log      *slog.Logger
	start    time.Time
	udp      *net.UDPConn
	guard    *net.TCPListener // claims the port
	tcp      *net.TCPListener // TURN over TCP; may be guard; nil: none
	secure   *net.TCPListener // TURN over TLS; may be guard; nil: none
	greeting chan struct{}    // a place for each TLS handshake under way
	turn     *turn.Server
	cert     tls.Certificate
	print    string // fingerprint of cert
	pool     rtp.Pool
	tasks    *run.Group

	mu       sync.RWMutex
	closed   bool
	direct   map[netip.AddrPort]*Route // paths without TURN
	byUfrag  map[string]*generation
	sessions map[*Session]struct{}
	streams  map[*stream]struct{} // TCP connections
	nextConn uint64
}

// Listen claims a port and begins to serve it. Errors wrap ErrNoPort or name
// the TCP or TLS port.
func Listen(o Options) (*Socket, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if !o.AdvertiseIP.IsValid() {
		o.AdvertiseIP = o.ListenIP
	}
	if o.Tally == nil {
		o.Tally = &tally.Set{}
	}
	o.AdvertiseIP = o.AdvertiseIP.Unmap()
	o.greetings, o.greetingLimit = cmp.Or(o.greetings, maxGreetings), cmp.Or(o.greetingLimit, greetingLimit)
	s := &Socket{
		options: o, log: o.Logger, start: time.Now(), tasks: run.NewGroup(context.Background(), "media", o.Logger),
		direct: map[netip.AddrPort]*Route{}, byUfrag: map[string]*generation{}, sessions: map[*Session]struct{}{}, streams: map[*stream]struct{}{},
		greeting: make(chan struct{}, o.greetings),
	}
	var err error
	if s.cert, s.print, err = newCertificate(); err != nil {
		return nil, err
	}
	if s.udp, s.guard, err = claim(o.ListenIP, o.PortMin, o.PortMax); err != nil {
		return nil, err
	}
	if err := s.listenStreams(); err != nil {
		return nil, errors.Join(err, s.closeSockets())
	}
	_ = s.udp.SetReadBuffer(kernelBuffer) // the kernel caps it, that is fine
	_ = s.udp.SetWriteBuffer(kernelBuffer)
	s.turn = turn.NewServer(s.Candidate())
	s.tasks.Go("udp", s.readUDP)
	for _, l := range s.listeners() {
		s.tasks.Go("tcp", func(ctx context.Context) error { return s.accept(ctx, l) })
	}
	s.tasks.Go("sweep", s.sweep)
	return s, nil
}

// listenStreams opens the ports for TURN over TCP and TLS.
func (s *Socket) listenStreams() (err error) {
	if s.tcp, err = s.listenTCP(s.options.TCPPort); err != nil {
		return fmt.Errorf("TURN over TCP: %w", err)
	}
	if s.options.TLS == nil {
		return nil
	}
	if s.secure, err = s.listenTCP(s.options.TLSPort); err != nil {
		return fmt.Errorf("TURN over TLS: %w", err)
	}
	return nil
}

// listenTCP opens a port, 0: none, unless it is the one that is claimed.
func (s *Socket) listenTCP(port int) (*net.TCPListener, error) {
	switch port {
	case 0:
		return nil, nil
	case int(s.LocalAddr().Port()):
		return s.guard, nil
	}
	return net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.options.ListenIP, uint16(port))))
}

// listeners are those there are, each once.
func (s *Socket) listeners() []*net.TCPListener {
	list := []*net.TCPListener{s.guard}
	for _, l := range []*net.TCPListener{s.tcp, s.secure} {
		if l != nil && l != s.guard {
			list = append(list, l)
		}
	}
	return list
}

func (s *Socket) closeSockets() error {
	err := s.udp.Close()
	for _, l := range s.listeners() {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Now is the monotonic clock of the media plane in nanoseconds, never 0.
func (s *Socket) Now() int64 { return int64(time.Since(s.start)) + 1 }

// LocalAddr is the UDP address the socket is bound to.
func (s *Socket) LocalAddr() netip.AddrPort {
	a := s.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Candidate is the address that clients learn as the server's candidate.
func (s *Socket) Candidate() netip.AddrPort {
	return netip.AddrPortFrom(s.options.AdvertiseIP, s.LocalAddr().Port())
}

// TCP is the address of TURN over TCP that clients learn; ok is false without.
func (s *Socket) TCP() (addr netip.AddrPort, ok bool) { return s.advertised(s.tcp) }

// TLS is the address of TURN over TLS; ok is false without.
func (s *Socket) TLS() (addr netip.AddrPort, ok bool) { return s.advertised(s.secure) }

func (s *Socket) advertised(l *net.TCPListener) (addr netip.AddrPort, ok bool) {
	if l == nil {
		return addr, false
	}
	return netip.AddrPortFrom(s.options.AdvertiseIP, l.Addr().(*net.TCPAddr).AddrPort().Port()), true
}

// Turn is the TURN server on the socket.
func (s *Socket) Turn() *turn.Server { return s.turn }

// Pool is where the socket's packets come from.
func (s *Socket) Pool() *rtp.Pool { return &s.pool }

func (s *Socket) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.turn.Expire(s.Now())
		}
	}
}

// Close closes the sockets and all sessions and waits for the goroutines, a
// few seconds at most.
func (s *Socket) Close() error {
	s.mu.Lock()
	s.closed = true
	sessions := make([]*Session, 0, len(s.sessions))
	for c := range s.sessions {
		sessions = append(sessions, c)
	}
	streams := make([]*stream, 0, len(s.streams))
	for c := range s.streams {
		streams = append(streams, c)
	}
	s.mu.Unlock()
	for _, c := range sessions {
		c.Close()
	}
	s.tasks.Stop()
	err := s.closeSockets()
	for _, c := range streams {
		c.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	return errors.Join(err, s.tasks.Wait(ctx))
}
