package sfu

import "errors"

// EndpointType is the kind of an endpoint, spelled as in the media events.
type EndpointType string

// The types of endpoints that clients know.
const (
	TypeWebRTC    EndpointType = "webrtc"
	TypeHLS       EndpointType = "hls"
	TypeRecording EndpointType = "recording"
	TypeRTSP      EndpointType = "rtsp"
	TypeFile      EndpointType = "file"
	TypeSIP       EndpointType = "sip"
)

// Errors of rooms and endpoints.
var (
	ErrClosed         = errors.New("closed")
	ErrEndpointExists = errors.New("endpoint exists already")
	ErrTrackExists    = errors.New("track exists already")
	ErrTrackNotFound  = errors.New("track not found")
	ErrTrackLimit     = errors.New("too many tracks")
	ErrRoomExists     = errors.New("room exists already")
	ErrInternal       = errors.New("Internal server error") // the original's text for crashes
)

// EndpointInfo describes an endpoint to the others.
type EndpointInfo struct {
	ID       string
	Type     EndpointType
	Metadata any // as encoding/json decodes it; nil: none
}

// Endpoint is whatever publishes and subscribes tracks in a room: a WebRTC
// peer, a component, a relay to another node. Rooms, tracks and forwarding
// know no more of it than this.
type Endpoint interface {
	// Info describes the endpoint. It is asked once, when the endpoint joins.
	Info() EndpointInfo
	// Notify tells what happened in the room, in order, beginning with a
	// Joined that carries the endpoint's Member. It is called with the room
	// locked: it must neither block nor call the room, the member or a track;
	// an endpoint queues notices and works them off on a goroutine of its own.
	Notify(Notice)
	// Evicted says that the room is done with the endpoint: it left, failed, or
	// the room closed. Nothing follows it. The rules of Notify apply.
	Evicted(reason error)
}

// Notice is what a room tells its endpoints. One of Joined, EndpointAdded,
// EndpointRemoved, EndpointUpdated, TracksPublished, TracksUnpublished,
// TrackUpdated and EncodingToggled.
type Notice interface{ notice() }

// Joined is the first notice of an endpoint.
type Joined struct {
	Member *Member
	Others []EndpointState // who was there already, in order of arrival
}

// EndpointState is an endpoint with its tracks.
type EndpointState struct {
	EndpointInfo
	Tracks []*Track
}

// EndpointAdded says that another endpoint joined.
type EndpointAdded struct{ Endpoint EndpointInfo }

// EndpointRemoved says that another endpoint is gone, with the tracks it had.
type EndpointRemoved struct {
	ID     string
	Tracks []*Track
}

// EndpointUpdated says that an endpoint (possibly the receiver itself) has
// new metadata.
type EndpointUpdated struct{ Endpoint EndpointInfo }

// TracksPublished says that another endpoint published tracks.
type TracksPublished struct {
	Endpoint string
	Tracks   []*Track
}

// TracksUnpublished says that another endpoint took tracks back.
type TracksUnpublished struct {
	Endpoint string
	Tracks   []*Track
}

// TrackUpdated says that a track of another endpoint has new metadata.
type TrackUpdated struct {
	Track    *Track
	Metadata any
}

// EncodingToggled says that another endpoint paused or resumed one variant of
// a track.
type EncodingToggled struct {
	Track    *Track
	RID      string
	Disabled bool
}

func (Joined) notice()            {}
func (EndpointAdded) notice()     {}
func (EndpointRemoved) notice()   {}
func (EndpointUpdated) notice()   {}
func (TracksPublished) notice()   {}
func (TracksUnpublished) notice() {}
func (TrackUpdated) notice()      {}
func (EncodingToggled) notice()   {}
