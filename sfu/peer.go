package sfu

import "sync"

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

	mu     sync.Mutex
	closed bool
}

func newPeer(r *Room, o PeerOptions) *Peer { return &Peer{id: o.ID, room: r, options: o} }

// ID is the peer's name.
func (p *Peer) ID() string { return p.id }

// Attach says that the client's socket has joined: media events for it go to
// send, which must not block. The session of an earlier socket ends.
func (p *Peer) Attach(send func(mediaEvent []byte)) {}

// Detach says that the socket is gone. As in the original the peer's media
// ends with it: a client that comes back begins anew.
func (p *Peer) Detach() {}

// Receive takes a media event of the client. Errors: ErrClosed, and those of
// package signal; nothing has happened then.
func (p *Peer) Receive(mediaEvent []byte) error { return nil }

// Close removes the peer.
func (p *Peer) Close() {
	p.room.forgetPeer(p)
	p.shut()
}

func (p *Peer) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}
