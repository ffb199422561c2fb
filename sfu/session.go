package sfu

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/sfu/signal"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/transport"
	"github.com/fjord-media/fjord/sfu/turn"
)

// session is a connected peer: an Endpoint whose other side is a browser. All
// its methods but those of Endpoint and transport.Handler run on the peer's
// mailbox.
type session struct {
	peer     *Peer
	log      *slog.Logger
	metadata any
	member   *Member
	closed   bool
	names    map[string]bool // other endpoints that the client knows

	negotiation negotiation
	slots       []*slot
	published   map[string]*upTrack // by track id
	targets     map[*Track]string   // wishes that came before the track was sent
	transport   *transport.Session  // nil before the first offerData
	credentials turn.Credentials
	number      uint64 // identifies the session in SDP
	ready       bool   // DTLS is done
	confirmed   int    // newest generation whose path is nominated

	up    *uplink
	down  *downlink
	tally *tally.Shard
	last  atomic.Int64 // when silence was last answered with an ICE restart
}

func newSession(p *Peer, metadata any) *session {
	s := &session{
		peer: p, log: p.log, metadata: metadata, names: map[string]bool{},
		published: map[string]*upTrack{}, targets: map[*Track]string{}, number: uint64(randomUint32()),
		tally: p.room.engine.tally.Shard(),
	}
	s.up = newUplink(s)
	s.down = newDownlink(s)
	return s
}

func randomUint32() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint32(b[:])
}

func randomName(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Info implements Endpoint.
func (s *session) Info() EndpointInfo {
	return EndpointInfo{ID: s.peer.id, Type: TypeWebRTC, Metadata: s.metadata}
}

// Notify implements Endpoint.
func (s *session) Notify(n Notice) { s.post(func() { s.notice(n) }) }

// Evicted implements Endpoint.
func (s *session) Evicted(error) { s.post(s.close) }

// post runs a function on the mailbox while the session lasts.
func (s *session) post(fn func()) {
	s.peer.box.post(func() {
		if !s.closed {
			fn()
		}
	})
}

// tell sends a media event to the client.
func (s *session) tell(m signal.Message) {
	text, err := signal.Encode(m)
	if err != nil {
		s.log.Warn("media event", "error", err)
		return
	}
	if s.peer.send != nil {
		s.peer.send(text)
	}
}

// close ends the media. The room is left by the caller.
func (s *session) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.negotiation.stop()
	for _, l := range s.slots {
		l.unlink()
	}
	if s.transport != nil {
		s.transport.Close()
		s.peer.room.engine.socket.Turn().RemoveUser(s.credentials.Username)
	}
}

// fail crashes the peer.
func (s *session) fail(err error) {
	s.post(func() {
		if s.peer.session == s {
			s.peer.crash(err)
		}
	})
}

// open makes the transport when it is first needed.
func (s *session) open() error {
	if s.transport != nil {
		return nil
	}
	socket := s.peer.room.engine.socket
	t, err := socket.NewSession(s.peer.id, s)
	if err != nil {
		return err
	}
	s.transport = t
	s.credentials = socket.Turn().AddUser(s.peer.id+"-"+randomName(4), time.Now())
	s.up.transport.Store(t)
	s.down.transport.Store(t)
	return nil
}

// Ready implements transport.Handler. A client with which DTLS is done has
// applied the first answer: it need not nominate its path first.
func (s *session) Ready() {
	s.post(func() {
		s.ready = true
		s.confirmed = max(s.confirmed, 1)
		s.settle()
	})
}

// Confirmed implements transport.Handler.
func (s *session) Confirmed(generation int) {
	s.post(func() {
		s.confirmed = max(s.confirmed, generation)
		s.settle()
	})
}

// Failed implements transport.Handler.
func (s *session) Failed(err error) {
	if errors.Is(err, transport.ErrClosed) {
		s.log.Debug("media connection closed", "error", err) // its socket says what comes next
		return
	}
	s.fail(err)
}
