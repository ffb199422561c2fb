package room

import "sync"

// unhandled is how many media events of a peer may wait for its actor before
// Receive waits: a client that floods slows down itself only.
const unhandled = 64

// session is one joined socket of a peer; it implements PeerSession.
type session struct {
	member *member
	sink   PeerSink
	slots  chan struct{} // one value for each event that waits
	over   chan struct{} // closed when nobody handles events any more
	once   sync.Once
	gone   sync.Once
}

// received is a media event of the client.
type received struct {
	session *session
	event   []byte
}

// gone says that the socket has ended.
type gone struct{ session *session }

func newSession(m *member, sink PeerSink) *session {
	return &session{member: m, sink: sink, slots: make(chan struct{}, unhandled), over: make(chan struct{})}
}

// Receive implements PeerSession.
func (s *session) Receive(mediaEvent []byte) {
	select {
	case s.slots <- struct{}{}:
	case <-s.over:
		return
	}
	if s.member.room.local.system.Send(s.member.pid, received{s, mediaEvent}) != nil {
		<-s.slots
	}
}

// Gone implements PeerSession.
func (s *session) Gone(error) {
	s.gone.Do(func() {
		_ = s.member.room.local.system.Send(s.member.pid, gone{s}) // no actor: nothing is left to end
	})
}

func (s *session) end() { s.once.Do(func() { close(s.over) }) }
