package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/sfu/signal"
)

// PeerOptions configures a peer.
type PeerOptions struct {
	ID string
	// Simulcast allows the peer to publish simulcast tracks and turns on
	// bandwidth estimation towards it.
	Simulcast bool
	// Metadata is shown until the client connects with its own.
	Metadata any
}

// Peer is an endpoint behind a browser's RTCPeerConnection. Its methods may be
// called from any goroutine; what they cause happens later, in order.
type Peer struct {
	id      string
	room    *Room
	options PeerOptions
	log     *slog.Logger
	box     mailbox
	closed  atomic.Bool

	// of the mailbox's goroutine
	send    func([]byte) // nil: no socket
	session *session     // nil: not connected
}

func newPeer(r *Room, o PeerOptions) *Peer {
	p := &Peer{id: o.ID, room: r, options: o, log: r.log.With("peer_id", o.ID)}
	p.box.tasks, p.box.name, p.box.failed = r.engine.tasks, "peer "+o.ID, p.crash
	return p
}

// ID is the peer's name.
func (p *Peer) ID() string { return p.id }

// Attach says that the client's socket has joined: media events for it go to
// send, which must not block. The session of an earlier socket ends.
func (p *Peer) Attach(send func(mediaEvent []byte)) {
	p.box.post(func() {
		p.end(nil)
		if !p.closed.Load() {
			p.send = send
		}
	})
}

// Detach says that the socket is gone. As in the original the peer's media
// ends with it: a client that comes back begins anew.
func (p *Peer) Detach() {
	p.box.post(func() {
		p.end(nil)
		p.send = nil
	})
}

// Receive takes a media event of the client. Errors: ErrClosed, and those of
// signal.Decode; nothing has happened then.
func (p *Peer) Receive(mediaEvent []byte) error {
	if p.closed.Load() {
		return fmt.Errorf("peer %s: %w", p.id, ErrClosed)
	}
	e, err := signal.Decode(mediaEvent)
	if err != nil {
		return fmt.Errorf("peer %s: %w", p.id, err)
	}
	p.box.post(func() { p.obey(e) })
	return nil
}

// Close removes the peer.
func (p *Peer) Close() {
	p.room.forgetPeer(p)
	p.shut()
}

func (p *Peer) shut() {
	if p.closed.Swap(true) {
		return
	}
	p.box.post(func() {
		p.end(nil)
		p.send = nil
	})
}

// end ends the session; err: it crashed.
func (p *Peer) end(err error) {
	s := p.session
	if s == nil {
		return
	}
	p.session = nil
	s.close()
	if err != nil {
		s.member.Fail(err)
	} else {
		s.member.Leave()
	}
}

// crash ends the session of a peer that cannot go on, and nothing else.
func (p *Peer) crash(err error) {
	var panicked *run.PanicError
	if errors.As(err, &panicked) {
		p.log.Error("peer crashed", "error", err, "stack", string(panicked.Stack))
		err = ErrInternal
	} else {
		p.log.Warn("peer crashed", "error", err)
	}
	p.end(err)
}

// obey handles a media event.
func (p *Peer) obey(e signal.Event) {
	switch e := e.(type) {
	case signal.Connect:
		p.connect(e)
		return
	case signal.Disconnect:
		p.end(nil)
		return
	}
	if p.session == nil {
		p.log.Debug("media event before connect", "event", fmt.Sprintf("%T", e))
		return
	}
	if err := p.session.obey(e); err != nil {
		p.crash(err)
	}
}

// connect joins the room; a second one is ignored.
func (p *Peer) connect(e signal.Connect) {
	if p.session != nil || p.send == nil || p.closed.Load() {
		return
	}
	s := newSession(p, e.Metadata)
	m, err := p.room.join(s)
	if err != nil {
		p.log.Warn("peer cannot connect", "error", err)
		return
	}
	s.member = m
	p.session = s
}
