package sfupeer

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// Impairment is what happens to datagrams in one direction.
type Impairment struct {
	Loss    float64       // share that is lost, 0–1
	Jitter  time.Duration // each is delayed by a random time up to this: they overtake each other
	Bitrate int           // bit/s that pass, 0: no limit
	Queue   time.Duration // what waits at most when Bitrate is exceeded; 0: 200 ms
}

// Path is a bad network: a UDP forwarder in front of a media socket that
// listens on 127.0.0.1 and tells clients the address of the forwarder.
type Path struct {
	t      testing.TB
	socket *net.UDPConn
	server netip.AddrPort

	mu       sync.Mutex
	up, down Impairment
	watch    func(down bool, datagram []byte)
	free     [2]time.Time // when the limited link is idle again
	clients  map[netip.AddrPort]*net.UDPConn
	closed   bool
	delayed  sync.WaitGroup
	tasks    *run.Group
}

// Advertised is the address that a lab behind a Path must advertise.
const Advertised = "127.0.0.2"

// NewPath puts a bad network in front of a lab whose engine advertises
// Advertised. Nothing is impaired at first.
func NewPath(t testing.TB, l *Lab) *Path {
	t.Helper()
	server := l.Engine.MediaAddr()
	socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(Advertised), server.Port())))
	if err != nil {
		t.Fatal(err)
	}
	p := &Path{t: t, socket: socket, server: server, clients: map[netip.AddrPort]*net.UDPConn{}, tasks: run.NewGroup(context.Background(), "path", nil)}
	p.tasks.Go("clients", p.fromClients)
	t.Cleanup(p.close)
	return p
}

// Impair changes both directions: up is from clients to the server.
func (p *Path) Impair(up, down Impairment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.down = up, down
}

// Watch has each datagram shown to a function before anything happens to it;
// the function must not keep it. nil: no more.
func (p *Path) Watch(see func(down bool, datagram []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = see
}

func (p *Path) close() {
	p.mu.Lock()
	p.closed = true
	_ = p.socket.Close()
	for _, c := range p.clients {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.delayed.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	if err := p.tasks.Wait(ctx); err != nil {
		p.t.Error(err)
	}
}

func (p *Path) fromClients(context.Context) error {
	b := make([]byte, 2000)
	for {
		n, from, err := p.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			return nil // closed
		}
		if c := p.client(from); c != nil {
			p.pass(0, append([]byte(nil), b[:n]...), func(b []byte) { _, _ = c.WriteToUDPAddrPort(b, p.server) })
		}
	}
}

// client is the socket that stands for a client towards the server.
func (p *Path) client(from netip.AddrPort) *net.UDPConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.clients[from]; c != nil || p.closed {
		return c
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil
	}
	p.clients[from] = c
	p.tasks.Go("server", func(context.Context) error {
		b := make([]byte, 2000)
		for {
			n, err := c.Read(b)
			if err != nil {
				return nil // closed
			}
			p.pass(1, append([]byte(nil), b[:n]...), func(b []byte) { _, _ = p.socket.WriteToUDPAddrPort(b, from) })
		}
	})
	return c
}

// pass sends a datagram on, or not, or later.
func (p *Path) pass(direction int, b []byte, send func([]byte)) {
	p.mu.Lock()
	if p.watch != nil {
		p.watch(direction == 1, b)
	}
	i := p.up
	if direction == 1 {
		i = p.down
	}
	delay := time.Duration(0)
	if i.Bitrate > 0 {
		now := time.Now()
		queue := i.Queue
		if queue == 0 {
			queue = 200 * time.Millisecond
		}
		if p.free[direction].Before(now) {
			p.free[direction] = now
		}
		if p.free[direction].Sub(now) > queue {
			p.mu.Unlock()
			return // the queue is full
		}
		p.free[direction] = p.free[direction].Add(time.Duration(len(b)+28) * 8 * time.Second / time.Duration(i.Bitrate))
		delay = p.free[direction].Sub(now)
	}
	p.mu.Unlock()
	if rand.Float64() < i.Loss {
		return
	}
	if i.Jitter > 0 {
		delay += rand.N(i.Jitter)
	}
	if delay == 0 {
		send(b)
		return
	}
	p.delayed.Add(1)
	time.AfterFunc(delay, func() {
		defer p.delayed.Done()
		send(b)
	})
}
