package room

import "errors"

// Errors of a Service.
var (
	ErrNotFound    = errors.New("room does not exist")
	ErrExists      = errors.New("room already exists")
	ErrUnreachable = errors.New("unable to communicate with the designated node") // 503
	ErrDraining    = errors.New("node takes no new rooms")
	// ErrInvalidID says that an id names no node, where ids have to (request
	// routing).
	ErrInvalidID = errors.New("invalid room id")
	// ErrUnsupported is a room's answer to a request it does not know.
	ErrUnsupported = errors.New("unknown request")
	// ErrReservations says that too many ids are reserved at once.
	ErrReservations = errors.New("too many reserved room ids")
)

// Errors of a PeerService.
var (
	ErrPeersDisabled = errors.New("peers are disabled on this node")
	ErrPeerLimit     = errors.New("the room takes no more peers")
	ErrPeerNotFound  = errors.New("peer does not exist")
	// ErrPeerConnected says that another socket of the peer is joined.
	ErrPeerConnected = errors.New("peer already connected")
	// ErrNoMedia says that this node has no media plane to join.
	ErrNoMedia = errors.New("this node carries no media")
)

// Errors of a ComponentService.
var (
	ErrComponentsDisabled = errors.New("components of this type are disabled on this node")
	ErrComponentNotFound  = errors.New("component does not exist")
)
