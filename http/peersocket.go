package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/internal/logx"
	pb "github.com/fjord-media/fjord/proto"
	"github.com/fjord-media/fjord/room"
)

// maxPeerMessage is the largest message of a peer, in bytes: an offer of many
// tracks.
const maxPeerMessage = 1 << 20

// servePeer is /socket/peer/websocket.
func (s *Sockets) servePeer(w http.ResponseWriter, r *http.Request) {
	socket := s.accept(w, r, "peer", maxPeerMessage)
	if socket == nil {
		return
	}
	peer := peerSession{sockets: s, socket: socket, log: s.Logger}
	defer peer.end()
	ctx := context.WithoutCancel(r.Context())
	for {
		kind, message, err := socket.read(ctx)
		if err != nil {
			peer.reason = fmt.Errorf("peer socket: %w", err)
			return
		}
		if !peer.handle(ctx, kind, message) {
			return
		}
	}
}

// peerSession is the state of one peer socket.
type peerSession struct {
	sockets *Sockets
	socket  *socket
	log     *slog.Logger
	room    room.PeerSession // nil: not authenticated
	reason  error            // why the socket ended; nil: we ended it

	complaints logx.Quota
}

// end tells the room, and waits for the last words.
func (p *peerSession) end() {
	if p.room != nil {
		p.room.Gone(p.reason)
	}
	p.socket.close(closeNormal, "")
	<-p.socket.done
}

func (p *peerSession) refuse(code int, reason string) bool {
	p.socket.close(code, reason)
	return false
}

// handle reports false after the last message.
func (p *peerSession) handle(ctx context.Context, kind websocket.MessageType, text []byte) bool {
	if kind == websocket.MessageText {
		if p.room == nil {
			return p.refuse(closeInternal, "")
		}
		p.ignored("text frame")
		return true
	}
	var m pb.PeerMessage
	if proto.Unmarshal(text, &m) != nil {
		return p.refuse(closeInternal, "")
	}
	if p.room == nil {
		return p.authenticate(ctx, m.GetAuthRequest())
	}
	if event := m.GetMediaEvent(); event != nil {
		p.room.Receive([]byte(event.GetData()))
		return true
	}
	p.ignored("message")
	return true
}

func (p *peerSession) ignored(what string) {
	if ending, ok := p.complaints.Take(); ok {
		p.log.Warn("Received unexpected " + what + " of a peer, ignoring it" + ending)
	}
}

func (p *peerSession) authenticate(ctx context.Context, request *pb.PeerMessage_AuthRequest) bool {
	if request == nil {
		p.log.Warn("Received message from unauthenticated peer that is not authRequest.\nClosing the connection.")
		return p.refuse(closeNormal, "unauthenticated")
	}
	claims, err := p.sockets.Tokens.Verify(request.GetToken(), time.Now())
	if err == nil {
		err = p.join(ctx, claims)
	}
	if err == nil {
		return true
	}
	for _, known := range joinErrors {
		if errors.Is(err, known.err) {
			p.sockets.authenticationFailed(known.reason)
			return p.refuse(closeNormal, known.reason)
		}
	}
	p.log.Error("peer cannot join", slog.Any("error", err), slog.String("room_id", claims.Room), slog.String("peer_id", claims.Peer))
	return p.refuse(closeInternal, "Internal server error")
}

// joinErrors are the reasons that SDKs know and do not reconnect after.
var joinErrors = []struct {
	err    error
	reason string
}{
	{token.ErrInvalid, "invalid token"},
	{token.ErrExpired, "expired token"},
	{room.ErrNotFound, "room not found"},
	{room.ErrPeerNotFound, "peer not found"},
	{room.ErrPeerConnected, "peer already connected"},
}

func (p *peerSession) join(ctx context.Context, c token.Claims) error {
	p.log = p.sockets.Logger.With(slog.String("room_id", c.Room), slog.String("peer_id", c.Peer))
	sink := &peerSink{out: p.socket.outbox, log: p.log}
	session, err := p.sockets.Join(ctx, room.ID(c.Room), c.Peer, sink)
	if err != nil {
		return err
	}
	p.room = session
	p.socket.push(frame(encodePeer(&pb.PeerMessage{
		Content: &pb.PeerMessage_Authenticated_{Authenticated: &pb.PeerMessage_Authenticated{}},
	})))
	sink.open()
	p.socket.startPings()
	return nil
}
