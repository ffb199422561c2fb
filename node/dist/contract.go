// Package dist is the Erlang distribution protocol on one connection.
package dist

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// ---- CONTRACT (stub of the API that node builds on; the owner of node/dist replaces this file) ----

// Local is what we are in a handshake.
type Local struct {
	Name     string
	Creation uint32
	Flags    Flags
	Cookie   string
}

// Peer is what a finished handshake tells about the other side.
type Peer struct {
	Name     string
	Creation uint32
	Flags    Flags // effective: ours and theirs
	Offered  Flags // as the peer sent them
}

// Status is the acceptor's verdict.
type Status string

// The statuses of the handshake.
const (
	StatusOK             Status = "ok"
	StatusOKSimultaneous Status = "ok_simultaneous"
	StatusNOK            Status = "nok"
	StatusNotAllowed     Status = "not_allowed"
	StatusAlive          Status = "alive"
)

// Arbiter decides about an incoming connection.
type Arbiter interface {
	// Arbitrate is called once, when the peer's name and flags are known.
	Arbitrate(name string, offered Flags) Status
	// Authenticated is called after the peer's digest is verified and before
	// the ack is sent: after StatusAlive the old link is ended here. An error
	// ends the handshake.
	Authenticated(ctx context.Context, peer Peer) error
}

// Initiate runs the handshake as the dialling side.
// alive is asked when the peer answers "alive" (true: replace the old link).
func Initiate(ctx context.Context, conn net.Conn, local Local, peerName string, alive func() bool) (Peer, error) {
	panic("stub")
}

// Respond runs the handshake as the accepting side.
func Respond(ctx context.Context, conn net.Conn, local Local, arbiter Arbiter) (Peer, error) {
	panic("stub")
}

// LinkOptions configure a link; zero values mean defaults.
type LinkOptions struct {
	TickTime   time.Duration // net_ticktime: default 60 s; ticks go out at a quarter of it
	MaxMessage int           // bytes of one incoming message, default 512 MiB
	Buffer     int           // bytes queued to the socket before Send blocks, default 4 MiB
	Logger     *slog.Logger
	// Deliver is called by the one reader goroutine, in arrival order. It must not block for long.
	Deliver func(sig Signal)
}

// Link is one connection in the connected phase.
type Link struct{}

// NewLink makes a link on a connection whose handshake is done. Nothing runs yet.
func NewLink(conn net.Conn, local Local, peer Peer, opts LinkOptions) *Link { panic("stub") }

// Run serves the link (reader, writer, ticker) and returns why it ended. Never nil.
func (l *Link) Run(ctx context.Context) error { panic("stub") }

// Send queues a signal. It blocks while more than Buffer bytes are queued
// (as the BEAM's busy port) and fails when ctx is done or the link ended.
// A term that cannot be encoded is an error that leaves the link as it is.
func (l *Link) Send(ctx context.Context, sig Signal) error { panic("stub") }

// Close ends the link; Run returns reason.
func (l *Link) Close(reason error) { panic("stub") }

// Peer is what the handshake told.
func (l *Link) Peer() Peer { panic("stub") }

// Stats counts traffic since the link began.
func (l *Link) Stats() Stats { panic("stub") }

// Stats of a link.
type Stats struct {
	BytesIn, BytesOut, MessagesIn, MessagesOut uint64
	Queued                                     int
}

