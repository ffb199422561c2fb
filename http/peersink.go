package httpapi

import (
	"log/slog"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
)

// peerSink is the socket as the room sees it. What the room sends before the
// client was told that it is authenticated waits.
type peerSink struct {
	out *outbox
	log *slog.Logger

	mu     sync.Mutex
	opened bool
	held   [][]byte
	end    *closing
}

// Send implements room.PeerSink.
func (s *peerSink) Send(mediaEvent []byte) {
	f := frame(encodePeer(&pb.PeerMessage{
		Content: &pb.PeerMessage_MediaEvent_{MediaEvent: &pb.PeerMessage_MediaEvent{Data: string(mediaEvent)}},
	}))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		s.out.push(f)
		return
	}
	s.held = append(s.held, f)
}

// Close implements room.PeerSink.
func (s *peerSink) Close(code int, reason string) {
	if code == closeNormal {
		s.log.Info("Peer socket stopped because " + lowerFirst(reason))
	} else {
		s.log.Warn("Peer socket stopped because of a crash: " + reason)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		s.out.close(code, reason)
		return
	}
	s.end = &closing{code, reason}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// open lets go what waits.
func (s *peerSink) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = true
	for _, f := range s.held {
		s.out.push(f)
	}
	s.held = nil
	if s.end != nil {
		s.out.close(s.end.code, s.end.reason)
	}
}

// encodePeer writes a message. Our own messages are never malformed.
func encodePeer(m *pb.PeerMessage) []byte {
	b, _ := proto.Marshal(m)
	return b
}
