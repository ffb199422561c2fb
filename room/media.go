package room

// Media is the media plane as rooms need it: AdaptSFU makes one of a node's
// sfu.Engine. Media events are opaque bytes here.
type Media interface {
	// NewRoom begins the media of one room. It is called when the first peer
	// joins.
	NewRoom(MediaRoomOptions) (MediaRoom, error)
}

// MediaRoomOptions say what a media room is for. The functions may be called
// from any goroutine, in order per endpoint, and do not block.
type MediaRoomOptions struct {
	ID         ID
	VideoCodec string // h264, vp8 or empty: any
	Events     func(MediaEvent)
	Forwarded  func(delta int) // more or fewer forwarded tracks
	Crashed    func(error)     // the media of the whole room failed
}

// MediaRoom is the media of one room.
type MediaRoom interface {
	AddPeer(MediaPeerOptions) (MediaPeer, error)
	// Close ends all media of the room. It may be called again.
	Close()
}

// MediaPeerOptions say what a media peer is for.
type MediaPeerOptions struct {
	ID        string
	Simulcast bool
	Metadata  any
}

// MediaPeer is the media of a peer while one socket of it is joined. Its
// methods are called one at a time, but for Close.
type MediaPeer interface {
	// Attach gives it the socket.
	Attach(send func(mediaEvent []byte))
	// Receive takes a media event of the client. Its errors are logged.
	Receive(mediaEvent []byte) error
	// Detach says that the socket is gone.
	Detach()
	// Close ends the peer's media. It may be called again.
	Close()
}

// MediaEvent is what the media plane tells a room of an endpoint.
type MediaEvent struct {
	Kind     MediaEventKind
	Endpoint string // id of the peer or component
	Track    Track  // of the track kinds
	Metadata any    // of MediaMetadataUpdated
	Err      error  // of MediaEndpointCrashed; nil: no reason is known
}

// MediaEventKind says what a MediaEvent is about.
type MediaEventKind int

// The kinds of MediaEvent.
const (
	MediaTrackAdded MediaEventKind = iota
	MediaTrackRemoved
	MediaTrackMetadataUpdated
	MediaMetadataUpdated
	MediaEndpointCrashed
)
