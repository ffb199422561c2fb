package room

// PeerAdded says that a peer was added by REST.
type PeerAdded struct {
	ID   ID
	Peer string
}

// PeerDeleted says that a peer was removed by REST, by its timer or with its
// room.
type PeerDeleted struct {
	ID   ID
	Peer string
}

// PeerConnected says that a peer's socket joined.
type PeerConnected struct {
	ID   ID
	Peer string
}

// PeerDisconnected says that a peer's socket is gone. It is not dispatched
// when the room ends or the peer crashes.
type PeerDisconnected struct {
	ID   ID
	Peer string
}

// PeerCrashed says that a peer's code failed; the peer is gone, and neither
// PeerDisconnected nor PeerDeleted follows.
type PeerCrashed struct {
	ID     ID
	Peer   string
	Reason string // empty: none is known
}

// PeerMetadataUpdated carries a peer's new metadata, a decoded JSON value.
type PeerMetadataUpdated struct {
	ID       ID
	Peer     string
	Metadata any
}

// Room is the id of the room.
func (e PeerAdded) Room() ID { return e.ID }

// Room is the id of the room.
func (e PeerDeleted) Room() ID { return e.ID }

// Room is the id of the room.
func (e PeerConnected) Room() ID { return e.ID }

// Room is the id of the room.
func (e PeerDisconnected) Room() ID { return e.ID }

// Room is the id of the room.
func (e PeerCrashed) Room() ID { return e.ID }

// Room is the id of the room.
func (e PeerMetadataUpdated) Room() ID { return e.ID }

func (PeerAdded) event()           {}
func (PeerDeleted) event()         {}
func (PeerConnected) event()       {}
func (PeerDisconnected) event()    {}
func (PeerCrashed) event()         {}
func (PeerMetadataUpdated) event() {}
