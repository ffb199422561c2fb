package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
)

// SocketOptions configure both websockets.
type SocketOptions struct {
	// Join is that of a room.PeerService.
	Join    func(ctx context.Context, id room.ID, peer string, sink room.PeerSink) (room.PeerSession, error)
	Tokens  *token.Signer
	Token   string  // the API token
	Origins Origins // whom to let in
	Logger  *slog.Logger
}

// Sockets are the websockets of a node: those of peers and those of servers
// that want notifications.
type Sockets struct {
	SocketOptions
	group *run.Group
	hub   hub
	clock clock
}

// NewSockets makes them. Close ends what they started.
func NewSockets(ctx context.Context, opts SocketOptions) *Sockets {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Sockets{SocketOptions: opts, clock: usual(), hub: newHub(), group: run.NewGroup(context.WithoutCancel(ctx), "sockets", opts.Logger)}
}

// Notify sends a server notification, of a room of whatever node, to all that
// subscribed. It does not block; notifications of one room stay in order.
func (s *Sockets) Notify(e room.Event) {
	if s.hub.notifications.empty() {
		return
	}
	if message, ok := encodeEvent(e); ok {
		s.hub.notifications.send(frame(message))
	}
}

// Report sends a node's metrics report, a JSON object, to all that subscribed.
func (s *Sockets) Report(json string) {
	if !s.hub.reports.empty() {
		s.hub.reports.send(frame(encodeReport(json)))
	}
}

// Close ends all sockets, going away, and waits for that until ctx is done.
func (s *Sockets) Close(ctx context.Context) error { return s.group.StopAndWait(ctx) }

// handler is who answers a path of ours, else nil. Socket requests pass
// nothing of what REST requests do.
func (s *Sockets) handler(path string) http.HandlerFunc {
	if s == nil {
		return nil
	}
	switch strings.Trim(path, "/") {
	case "socket/peer/websocket":
		return s.servePeer
	case "socket/server/websocket":
		return s.serveServer
	}
	return nil
}

// accept makes a socket of a request and has its writer run; nil: the request
// was answered with an error. The caller reads until read fails, then ends.
func (s *Sockets) accept(w http.ResponseWriter, r *http.Request, name string, limit int64) *socket {
	ws, conn, ok := upgrade(w, r, s.Origins.allows)
	if !ok {
		return nil
	}
	s.Logger.Info("New incoming " + name + " WebSocket connection, accepting")
	ws.SetReadLimit(limit)
	socket := newSocket(ws, conn, s.clock)
	if !s.group.Go(name, func(ctx context.Context) error {
		_ = socket.write(ctx) // how a client went is no news
		return nil
	}) {
		_ = ws.CloseNow()
		return nil
	}
	return socket
}
