// Package room is the product's domain: rooms, peers, components. It knows
// neither HTTP nor Erlang nor RTP.
package room

// ID names a room.
type ID string

// Config is what a room was asked to be; nil means not set.
type Config struct {
	RoomID                  ID
	MaxPeers                *int
	VideoCodec              *string // "h264" or "vp8"
	WebhookURL              *string
	PeerlessPurgeTimeout    *int // seconds
	PeerDisconnectedTimeout *int // seconds
}

// Room is a snapshot of a room.
type Room struct {
	ID         ID
	Config     Config
	Components []Component
	Peers      []Peer
}

// Component is a server-side endpoint of a room.
type Component struct {
	ID         string
	Type       string
	Properties map[string]any
	Tracks     []Track
}

// Peer is a user of a room.
type Peer struct {
	ID       string
	Type     string
	Status   string // Connected or Disconnected
	Tracks   []Track
	Metadata any
}

// Track is a published track.
type Track struct {
	ID       string
	Type     string // "audio" or "video"
	Metadata any
}

// Created is the answer to a creation: the room and where it lives.
type Created struct {
	Room    Room
	Address string // FJ_HOST of the owner
}

// Usage is what placement compares.
type Usage struct {
	ForwardedTracks int
	Rooms           int
}
