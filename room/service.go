package room

import "context"

// Service is what the HTTP layer calls; one node or a whole cluster is behind it.
type Service interface {
	// Create places a room. Config.RoomID "" means: make one (UUID v4).
	Create(ctx context.Context, cfg Config) (Created, error)
	Get(ctx context.Context, id ID) (Room, error)
	List(ctx context.Context) ([]Room, error)
	Delete(ctx context.Context, id ID) error
}

// PeerWebRTC is the only type of peer.
const PeerWebRTC = "webrtc"

// The states of a Peer.
const (
	Connected    = "connected"
	Disconnected = "disconnected"
)

// PeerConfig is what a peer is asked to be.
type PeerConfig struct {
	Type            string // PeerWebRTC
	EnableSimulcast bool
	Metadata        any // first metadata; the peer's own connect replaces it
}

// PeerService is the part of a room's operations that concerns peers.
type PeerService interface {
	// AddPeer adds a peer that is not connected yet. ErrNotFound,
	// ErrPeersDisabled, ErrPeerLimit.
	AddPeer(ctx context.Context, id ID, cfg PeerConfig) (Peer, error)
	// DeletePeer removes a peer and closes its socket. ErrNotFound,
	// ErrPeerNotFound.
	DeletePeer(ctx context.Context, id ID, peer string) error
	// Join connects the peer's authenticated socket. ErrNotFound,
	// ErrPeerNotFound, ErrPeerConnected while another socket is joined,
	// ErrNoMedia.
	Join(ctx context.Context, id ID, peer string, sink PeerSink) (PeerSession, error)
}

// PeerSink is a peer's socket as the room sees it. Neither method may block.
type PeerSink interface {
	// Send writes a media event to the client.
	Send(mediaEvent []byte)
	// Close ends the socket with a websocket close code. The room calls it at
	// most once.
	Close(code int, reason string)
}

// PeerSession is the room as the peer's socket sees it.
type PeerSession interface {
	// Receive takes a media event of the client. It keeps the order, and
	// waits while too many are unhandled.
	Receive(mediaEvent []byte)
	// Gone tells, once, that the socket has ended.
	Gone(reason error)
}

// ComponentConfig is what a component is asked to be.
type ComponentConfig struct {
	Type    string         // hls, rtsp, file, sip or recording
	Options map[string]any // checked by the HTTP layer, in camel case
}

// ComponentService is the part of a room's operations that concerns
// components.
type ComponentService interface {
	// AddComponent adds one. ErrNotFound, ErrComponentsDisabled.
	AddComponent(ctx context.Context, id ID, cfg ComponentConfig) (Component, error)
	// DeleteComponent removes one. ErrNotFound, ErrComponentNotFound.
	DeleteComponent(ctx context.Context, id ID, component string) error
	// Subscribe has a component take the tracks of the origins (peer and
	// component ids). ErrNotFound, ErrComponentNotFound.
	Subscribe(ctx context.Context, id ID, component string, origins []string) error
	// Dial has a SIP component call. ErrNotFound, ErrComponentNotFound.
	Dial(ctx context.Context, id ID, component, phoneNumber string) error
	// EndCall ends a SIP component's call. ErrNotFound, ErrComponentNotFound.
	EndCall(ctx context.Context, id ID, component string) error
}
