package sfu

// Event is what a room tells its owner. One of TrackAdded, TrackRemoved,
// TrackMetadataUpdated, EndpointMetadataUpdated and EndpointCrashed.
type Event interface{ event() }

// Kind says whether a track is sound or picture.
type Kind string

// The kinds of tracks.
const (
	Audio Kind = "audio"
	Video Kind = "video"
)

// TrackInfo describes a published track.
type TrackInfo struct {
	ID       string // chosen by the client; unique within its endpoint only
	Kind     Kind
	Codec    string // "VP8", "H264", "opus", …
	Metadata any    // as encoding/json decodes it; nil: none
}

// TrackAdded says that an endpoint published a track.
type TrackAdded struct {
	Endpoint string // id of the endpoint
	Track    TrackInfo
}

// TrackRemoved says that a track is gone.
type TrackRemoved struct {
	Endpoint string
	Track    TrackInfo
}

// TrackMetadataUpdated says that a track has new metadata.
type TrackMetadataUpdated struct {
	Endpoint string
	Track    TrackInfo
}

// EndpointMetadataUpdated says that an endpoint has (new) metadata. A peer
// that connects always causes one.
type EndpointMetadataUpdated struct {
	Endpoint string
	Metadata any
}

// EndpointCrashed says that an endpoint failed. It has left the room already;
// the TrackRemoved of its tracks came before.
type EndpointCrashed struct {
	Endpoint string
	Err      error
}

func (TrackAdded) event()              {}
func (TrackRemoved) event()            {}
func (TrackMetadataUpdated) event()    {}
func (EndpointMetadataUpdated) event() {}
func (EndpointCrashed) event()         {}
