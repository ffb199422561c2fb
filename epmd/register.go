package epmd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// handshakeVersion is the highest and lowest version of the distribution
// handshake that nodes announce (OTP 25 and later).
const handshakeVersion = 6

// Registration is what a node registers.
type Registration struct {
	Name   string // the part of the node name before the @
	Port   uint16 // distribution port
	Hidden bool   // a hidden node
}

func (r Registration) entry() Entry {
	e := Entry{Name: r.Name, Port: r.Port, Type: TypeNormal, High: handshakeVersion, Low: handshakeVersion}
	if r.Hidden {
		e.Type = TypeHidden
	}
	return e
}

// Held is a registration. It lasts until Close is called or EPMD goes away.
type Held struct {
	creation uint32
	conn     net.Conn
	watcher  *run.Group
	lost     chan struct{}
	once     sync.Once
}

// Register registers r with the EPMD of this host, over ::1 or else 127.0.0.1.
// The context is for the registering only, not for its life. Errors wrap
// ErrNameTaken, ErrBadName, ErrRefused, ErrTimeout, ErrNoAnswer or ErrProtocol.
func (c *Client) Register(ctx context.Context, r Registration) (*Held, error) {
	held, err := c.register(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("register %s with EPMD: %w", r.Name, err)
	}
	return held, nil
}

func (c *Client) register(ctx context.Context, r Registration) (*Held, error) {
	if !validName(r.Name) {
		return nil, ErrBadName
	}
	ctx, cancel := c.limit(ctx)
	defer cancel()
	conn, err := c.ask(ctx, hosts(netip.Addr{}), Request{Kind: KindAlive, Entry: r.entry()})
	if err != nil {
		return nil, classify(err)
	}
	creation, err := receive(conn, decodeAliveReply)
	if err != nil {
		conn.Close()
		return nil, classify(err)
	}
	free, ok := conn.(*bound).free()
	if !ok {
		conn.Close()
		return nil, classify(ctx.Err())
	}
	return hold(free, creation, logger(c.Logger)), nil
}

// hold watches conn: EPMD never sends anything on it, so whatever a read
// returns means that the registration is gone.
func hold(conn net.Conn, creation uint32, log *slog.Logger) *Held {
	h := &Held{creation: creation, conn: conn, lost: make(chan struct{})}
	h.watcher = run.NewGroup(context.Background(), "epmd registration", log)
	h.watcher.Go("watch", func(context.Context) error {
		defer close(h.lost)
		defer h.end()
		_, _ = h.conn.Read(make([]byte, 1)) // every outcome means the end
		return nil
	})
	return h
}

// Creation is the number that EPMD gave to this life of the node. It is part
// of every pid, port and reference that the node makes.
func (h *Held) Creation() uint32 { return h.creation }

// Lost is closed when the registration has ended, by EPMD or by Close.
func (h *Held) Lost() <-chan struct{} { return h.lost }

// goodbye is how long EPMD may take to notice that a node leaves.
const goodbye = 300 * time.Millisecond

// Close unregisters the name and waits until the connection is closed. EPMD
// closes its side when the name is free, so the next node of that name is not
// refused. Close may be called more than once.
func (h *Held) Close() error {
	if half, ok := h.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		timer := time.NewTimer(goodbye)
		defer timer.Stop()
		select {
		case <-h.lost:
		case <-timer.C: // it hangs: leave without its word
		}
	}
	h.end()
	<-h.lost
	return nil
}

func (h *Held) end() {
	h.once.Do(func() {
		_ = h.conn.Close() // the only thing that could fail is a close before
		h.watcher.Stop()
	})
}
