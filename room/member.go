package room

import (
	"sync"

	"github.com/fjord-media/fjord/internal/actor"
)

// Websocket close codes and the texts that clients know.
const (
	closeNormal = 1000
	closeError  = 1011

	reasonRemoved = "Peer removed"
	reasonStopped = "Room stopped"
	reasonCrashed = "Internal server error"
)

// member is what room and peer actor share of a peer: its actor, and the
// socket and media that must be let go whichever of the two dies first.
type member struct {
	room      *entry
	id        string
	simulcast bool
	pid       actor.PID // set by the room before anybody else sees the member

	mu      sync.Mutex
	ended   bool
	session *session
	media   MediaPeer
}

// hold notes the joined socket and its media. It reports false, and holds
// nothing, once the member was released.
func (m *member) hold(s *session, media MediaPeer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return false
	}
	m.session, m.media = s, media
	return true
}

// drop lets socket and media go after the socket has ended by itself.
func (m *member) drop() {
	m.mu.Lock()
	s, media := m.session, m.media
	m.session, m.media = nil, nil
	m.mu.Unlock()
	if s != nil {
		s.end()
	}
	if media != nil {
		media.Detach()
		media.Close()
	}
}

// release closes the socket, once and for all. The media goes with the peer's
// actor, or with the room.
func (m *member) release(code int, reason string) {
	m.mu.Lock()
	m.ended = true
	s := m.session
	m.session = nil
	m.mu.Unlock()
	if s != nil {
		s.end()
		s.sink.Close(code, reason)
	}
}
