// Package dist is the Erlang distribution protocol on one connection.
package dist

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// ---- CONTRACT (stub of the API that node builds on; the owner of node/dist replaces this file) ----

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
