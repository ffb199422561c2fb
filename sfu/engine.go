package sfu

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/transport"
)

// EngineOptions configures a node's media plane.
type EngineOptions struct {
	// AdvertiseIP is the address that clients are told (FJ_WEBRTC_TURN_IP).
	AdvertiseIP netip.Addr
	// ListenIP is what the media sockets bind to (FJ_WEBRTC_TURN_LISTEN_IP).
	ListenIP netip.Addr
	// PortMin and PortMax (0–65535) are the range of which the media socket
	// takes one port (FJ_WEBRTC_TURN_PORT_RANGE).
	PortMin, PortMax int
	// TCPPort is the port for TURN over TCP (FJ_WEBRTC_TURN_TCP_PORT); 0: none.
	TCPPort int
	// TLSPort is the port for TURN over TLS (FJ_WEBRTC_TURN_TLS_PORT) and TLS
	// how to speak it; 0 or nil: none. TLSAdvertise names the port to clients
	// (FJ_WEBRTC_TURN_TLS_ADVERTISE).
	TLSPort      int
	TLS          *tls.Config
	TLSAdvertise bool
	// Logger gets what an operator should know; nil: nothing.
	Logger *slog.Logger
}

// Engine is the media plane of one node.
type Engine struct {
	log      *slog.Logger
	socket   *transport.Socket
	namesTLS bool // to clients
	tasks    *run.Group
	tally    *tally.Set

	mu     sync.Mutex
	closed bool
	rooms  map[string]*Room
}

// closeLimit bounds how long Close waits for goroutines.
const closeLimit = 5 * time.Second

// NewEngine claims a media port and begins to serve it. The error says which
// address or port was refused.
func NewEngine(o EngineOptions) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	counts := &tally.Set{}
	socket, err := transport.Listen(transport.Options{
		AdvertiseIP: o.AdvertiseIP, ListenIP: o.ListenIP,
		PortMin: o.PortMin, PortMax: o.PortMax, TCPPort: o.TCPPort, TLSPort: o.TLSPort, TLS: o.TLS, Logger: o.Logger, Tally: counts,
	})
	if err != nil {
		return nil, fmt.Errorf("media socket: %w", err)
	}
	return &Engine{
		log: o.Logger, socket: socket, namesTLS: o.TLSAdvertise, tally: counts, rooms: map[string]*Room{},
		tasks: run.NewGroup(context.Background(), "sfu", o.Logger),
	}, nil
}

// MediaAddr is the UDP address that the media socket is bound to.
func (e *Engine) MediaAddr() netip.AddrPort { return e.socket.LocalAddr() }

// NewRoom opens a room. Errors: ErrClosed, ErrRoomExists.
func (e *Engine) NewRoom(o RoomOptions) (*Room, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fmt.Errorf("room %s: %w", o.ID, ErrClosed)
	}
	if _, ok := e.rooms[o.ID]; ok {
		return nil, fmt.Errorf("room %s: %w", o.ID, ErrRoomExists)
	}
	r := newRoom(e, o)
	e.rooms[o.ID] = r
	return r, nil
}

func (e *Engine) forget(r *Room) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rooms[r.id] == r {
		delete(e.rooms, r.id)
	}
}

// Close closes all rooms and the sockets and waits, a few seconds at most, for
// the goroutines to end.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	rooms := make([]*Room, 0, len(e.rooms))
	for _, r := range e.rooms {
		rooms = append(rooms, r)
	}
	e.mu.Unlock()
	for _, r := range rooms {
		r.Close()
	}
	err := e.socket.Close()
	e.tasks.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if waitErr := e.tasks.Wait(ctx); waitErr != nil {
		return waitErr
	}
	return err
}
