package httpapi

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
)

// maxServerMessage is the largest message of a server, in bytes.
const maxServerMessage = 64 << 10

const notAllowed = "operation not allowed"

// serveServer is /socket/server/websocket.
func (s *Sockets) serveServer(w http.ResponseWriter, r *http.Request) {
	socket := s.accept(w, r, "server", maxServerMessage)
	if socket == nil {
		return
	}
	session := serverSession{sockets: s, socket: socket}
	defer session.end()
	ctx := context.WithoutCancel(r.Context())
	for {
		kind, message, err := socket.read(ctx)
		if err != nil || !session.handle(kind, message) {
			break
		}
	}
}

// serverSession is the state of one server socket.
type serverSession struct {
	sockets       *Sockets
	socket        *socket
	authenticated bool
}

// end waits for the last words.
func (s *serverSession) end() {
	s.sockets.hub.notifications.remove(s.socket.outbox)
	s.sockets.hub.reports.remove(s.socket.outbox)
	s.socket.close(closeNormal, "")
	<-s.socket.done
}

func (s *serverSession) refuse(code int, reason string) bool {
	s.socket.close(code, reason)
	return false
}

// unexpected ends the socket. What was said is not logged: it may be secret.
func (s *serverSession) unexpected() bool {
	s.sockets.Logger.Warn("Received unexpected message on server WS.\nClosing the connection.")
	return s.refuse(closeRefused, notAllowed)
}

// handle reports false after the last message.
func (s *serverSession) handle(kind websocket.MessageType, text []byte) bool {
	if kind == websocket.MessageText {
		return s.unexpected()
	}
	var m pb.ServerMessage
	if proto.Unmarshal(text, &m) != nil {
		return s.refuse(closeInternal, "")
	}
	if !s.authenticated {
		return s.authenticate(m.GetAuthRequest())
	}
	if m.GetSubscribeRequest() == nil {
		return s.unexpected()
	}
	return s.subscribe(m.GetSubscribeRequest().GetEventType())
}

func (s *serverSession) authenticate(request *pb.ServerMessage_AuthRequest) bool {
	switch {
	case request == nil:
		s.sockets.Logger.Warn("Received message on server WS that is not auth_request.\nClosing the connection.")
		return s.refuse(closeNormal, "invalid auth request")
	case !sameToken(request.GetToken(), s.sockets.Token):
		s.sockets.authenticationFailed("invalid token")
		return s.refuse(closeNormal, "invalid token")
	}
	s.authenticated = true
	s.socket.push(frame(encodeServer(&pb.ServerMessage{
		Content: &pb.ServerMessage_Authenticated_{Authenticated: &pb.ServerMessage_Authenticated{}},
	})))
	s.socket.startPings()
	s.sockets.Logger.Info("Server WS authenticated.")
	return true
}

// subscribe answers before the first notification.
func (s *serverSession) subscribe(kind pb.ServerMessage_EventType) bool {
	hub := &s.sockets.hub
	topics := map[pb.ServerMessage_EventType]*topic{
		pb.ServerMessage_EVENT_TYPE_SERVER_NOTIFICATION: &hub.notifications,
		pb.ServerMessage_EVENT_TYPE_METRICS:             &hub.reports,
	}
	topic, ok := topics[kind]
	if !ok {
		return s.unexpected()
	}
	s.socket.push(frame(encodeServer(&pb.ServerMessage{Content: &pb.ServerMessage_SubscribeResponse_{
		SubscribeResponse: &pb.ServerMessage_SubscribeResponse{EventType: kind},
	}})))
	s.socket.listens.Store(true)
	topic.paced.Do(func() { s.sockets.group.Go("pace", topic.pace) })
	topic.add(s.socket.outbox)
	return true
}

func (s *Sockets) authenticationFailed(reason string) {
	s.Logger.Warn("Authentication failed, reason: " + reason + ".\nClosing the connection.")
}
