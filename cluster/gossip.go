package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// Times of the strategy GOSSIP, as libcluster has them.
const (
	heartbeatMax = 5 * time.Second // pauses are random up to this
	// heardFor is how long a node that was heard is wanted.
	heardFor = 10 * time.Minute
	// maxHeard bounds the nodes: anybody can send packets.
	maxHeard = 1024
	// pollWait is how long a read lasts before the strategy looks up.
	pollWait = time.Second
)

// GossipOptions configure a Gossip. Self is required.
type GossipOptions struct {
	Self      string     // full name of this node
	Port      int        // default 45892
	ListenIP  netip.Addr // address of the socket; default 0.0.0.0
	Multicast netip.Addr // group; default 233.252.1.32
	Interface netip.Addr // address of the interface to send from and to join on; zero: the system's choice
	TTL       int        // of multicast packets, 0–255
	Broadcast bool       // send to 255.255.255.255 instead of the group
	Secret    string     // encrypts the packets; empty: plain
	Logger    *slog.Logger
}

// Gossip is the strategy GOSSIP: nodes that are heard by UDP multicast in the
// packets of libcluster's strategy of that name. IPv4 only, as there.
type Gossip struct {
	opts  GossipOptions
	codec gossipCodec
	pause time.Duration // between two packets, at most

	mu    sync.Mutex
	heard map[string]time.Time
	bad   int // packets not understood since the last good one
}

// NewGossip makes the strategy.
func NewGossip(opts GossipOptions) *Gossip {
	opts.Port = cmp.Or(opts.Port, 45892)
	if !opts.ListenIP.IsValid() {
		opts.ListenIP = netip.IPv4Unspecified()
	}
	if !opts.Multicast.IsValid() {
		opts.Multicast = netip.AddrFrom4([4]byte{233, 252, 1, 32})
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Gossip{opts: opts, codec: newGossipCodec(opts.Secret), pause: heartbeatMax, heard: map[string]time.Time{}}
}

// Name is GOSSIP.
func (*Gossip) Name() string { return "GOSSIP" }

// Run sends and listens until ctx is done. It fails when the socket cannot be
// opened.
func (g *Gossip) Run(ctx context.Context, publish func(Targets)) error {
	conn, err := g.open(ctx)
	if err != nil {
		return fmt.Errorf("open the gossip socket: %w", err)
	}
	defer func() { _ = conn.Close() }() // only read from and sent to
	next := time.Now()
	buffer := make([]byte, maxPacket)
	for ctx.Err() == nil {
		now := time.Now()
		if !next.After(now) {
			g.send(conn)
			next = now.Add(1 + rand.N(g.pause))
		}
		if g.forget(now) {
			publish(g.targets())
		}
		_ = conn.SetReadDeadline(now.Add(min(next.Sub(now), pollWait))) // it fails at the read then
		n, _, err := conn.ReadFrom(buffer)
		switch {
		case err == nil:
			if g.take(buffer[:n], time.Now()) {
				publish(g.targets())
			}
		case errors.Is(err, net.ErrClosed):
			return err
		case isTimeout(err):
		default: // such as an ICMP error of an earlier packet
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// open binds the socket, which several nodes of a host share, and joins the group.
func (g *Gossip) open(ctx context.Context) (net.PacketConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			if g.opts.Broadcast && failed == nil {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
			}
		})
		return errors.Join(err, failed)
	}}
	address := net.JoinHostPort(g.opts.ListenIP.String(), strconv.Itoa(g.opts.Port))
	conn, err := lc.ListenPacket(ctx, "udp4", address)
	if err != nil {
		return nil, err
	}
	if g.opts.Broadcast {
		return conn, nil
	}
	if err := g.join(ipv4.NewPacketConn(conn)); err != nil {
		return nil, errors.Join(fmt.Errorf("join %s: %w", g.opts.Multicast, err), conn.Close())
	}
	return conn, nil
}

func (g *Gossip) join(p *ipv4.PacketConn) error {
	var via *net.Interface
	if g.opts.Interface.IsValid() {
		var err error
		if via, err = interfaceOf(g.opts.Interface); err != nil {
			return err
		}
		if err := p.SetMulticastInterface(via); err != nil {
			return err
		}
	}
	if err := p.JoinGroup(via, &net.UDPAddr{IP: g.opts.Multicast.AsSlice()}); err != nil {
		return err
	}
	return errors.Join(p.SetMulticastTTL(g.opts.TTL), p.SetMulticastLoopback(true))
}

// interfaceOf finds the interface that has an address.
func interfaceOf(addr netip.Addr) (*net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for i := range all {
		addrs, err := all[i].Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr {
				return &all[i], nil
			}
		}
	}
	return nil, fmt.Errorf("no interface has the address %s", addr)
}

func (g *Gossip) send(conn net.PacketConn) {
	to := g.opts.Multicast
	if g.opts.Broadcast {
		to = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	packet, err := g.codec.encode(g.opts.Self)
	if err == nil {
		_, err = conn.WriteTo(packet, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, uint16(g.opts.Port))))
	}
	if err != nil {
		g.opts.Logger.Debug("gossip packet not sent", "error", err)
	}
}

// take reads a packet and says whether it names a node that is new.
func (g *Gossip) take(packet []byte, now time.Time) bool {
	name, err := g.codec.decode(packet)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		if g.bad++; g.bad == 1 {
			g.opts.Logger.Warn("gossip packet not understood; is the secret the same on all nodes?", "error", err)
		}
		return false
	}
	g.bad = 0
	if name == g.opts.Self {
		return false
	}
	_, known := g.heard[name]
	if !known && len(g.heard) >= maxHeard {
		return false
	}
	g.heard[name] = now
	return !known
}

// forget drops nodes that have not been heard for long and says whether there
// were any.
func (g *Gossip) forget(now time.Time) (any bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, last := range g.heard {
		if now.Sub(last) > heardFor {
			delete(g.heard, name)
			any = true
		}
	}
	return any
}

func (g *Gossip) targets() Targets {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := Targets{Complete: true}
	for name := range g.heard {
		t.Nodes = append(t.Nodes, name)
	}
	return t
}
