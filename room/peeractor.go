package room

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/logx"
)

// peerActor is a peer: it alone talks to the peer's media, so that what a
// client sends can end this peer and nobody else.
type peerActor struct {
	member  *member
	session *session // nil: no socket is joined
	media   MediaPeer

	complaints logx.Quota
}

// joinPeer is the request to join a socket.
type joinPeer struct {
	sink PeerSink
	// taken decides who ends the session when the caller gives up waiting: true
	// is set by the room that answers, or by the caller that gave up.
	taken   *atomic.Bool
	session *atomic.Pointer[session]
}

// Init does nothing: media begins when a socket joins.
func (p *peerActor) Init(*actor.Self) error { return nil }

// Handle obeys room and socket.
func (p *peerActor) Handle(_ *actor.Self, msg any) error {
	switch m := msg.(type) {
	case received:
		p.receive(m)
	case gone:
		p.leave(m.session)
	case crash:
		return m.reason
	case *actor.Request:
		p.handleRequest(m)
	}
	return nil
}

func (p *peerActor) handleRequest(req *actor.Request) {
	m, ok := req.Msg.(joinPeer)
	if !ok {
		req.Reply(nil, ErrUnsupported)
		return
	}
	if err := p.join(req, m); err != nil {
		req.Reply(reply{err: err}, nil)
	}
}

// join begins the media; the room answers the request.
func (p *peerActor) join(req *actor.Request, m joinPeer) error {
	if p.session != nil {
		return ErrPeerConnected
	}
	room := p.member.room
	media, err := room.mediaRoom()
	if err != nil {
		return err
	}
	peer, err := media.AddPeer(MediaPeerOptions{ID: p.member.id, Simulcast: p.member.simulcast})
	if err != nil {
		return fmt.Errorf("join media: %w", err)
	}
	s := newSession(p.member, m.sink)
	if !p.member.hold(s, peer) {
		peer.Close()
		return ErrPeerNotFound
	}
	p.session, p.media = s, peer
	m.session.Store(s)
	peer.Attach(m.sink.Send)
	if room.local.system.Send(room.actor(), joined{p.member, s, m.taken, req}) != nil {
		return ErrNotFound // the room's end releases the member
	}
	return nil
}

func (p *peerActor) receive(m received) {
	defer func() { <-m.session.slots }()
	if m.session != p.session {
		return
	}
	if err := p.media.Receive(m.event); err != nil {
		p.ignored(err)
	}
}

// ignored logs what is wrong with a media event; the error may quote it.
func (p *peerActor) ignored(err error) {
	if ending, ok := p.complaints.Take(); ok {
		p.member.room.logPeer(slog.LevelWarn, p.member.id, "Ignored media event: %.300v%s", err, ending)
	}
}

// leave ends the media of a socket that is gone. The room hears of it before
// it hears of the tracks that go.
func (p *peerActor) leave(s *session) {
	if s != p.session {
		return
	}
	room := p.member.room
	_ = room.local.system.Send(room.actor(), left{p.member}) // no room: it has ended
	p.session, p.media = nil, nil
	p.member.drop()
}

// Terminate closes what is left. Who ends a peer on purpose has closed its
// socket with a reason before.
func (p *peerActor) Terminate(_ *actor.Self, reason error) {
	code, text := closeNormal, reasonStopped
	if actor.Crashed(reason) {
		code, text = closeError, crashText(reason)
	}
	p.member.release(code, text)
	p.member.drop()
}

// crash has a peer's actor end with the reason its media gave.
type crash struct{ reason error }

// mediaCrash is the reason of a peer whose media failed.
type mediaCrash struct{ text string }

func (m mediaCrash) Error() string {
	if m.text == "" {
		return "media failed"
	}
	return m.text
}

// crashText is the close reason of a crashed peer's socket.
func crashText(reason error) string {
	if text := knownReason(reason); text != "" {
		return text
	}
	return reasonCrashed
}

// knownReason is what notifications tell of a crash: nothing of a panic.
func knownReason(reason error) string {
	var m mediaCrash
	if errors.As(reason, &m) {
		return m.text
	}
	return ""
}
