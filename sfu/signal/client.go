package signal

// Event is what a client says. One of the types of this file.
type Event interface{ event() }

// Connect asks to join the room.
type Connect struct{ Metadata any }

// Disconnect ends the media session; the socket stays.
type Disconnect struct{}

// UpdateEndpointMetadata replaces the metadata of the client's endpoint.
type UpdateEndpointMetadata struct{ Metadata any }

// UpdateTrackMetadata replaces the metadata of one of the client's tracks.
type UpdateTrackMetadata struct {
	TrackID  string
	Metadata any
}

// ToggleTrackEncoding says that the client paused or resumed a variant. Clients
// repeat it after every answer.
type ToggleTrackEncoding struct {
	TrackID  string
	Encoding string // "l", "m" or "h"
	Disabled bool
}

// RenegotiateTracks asks for an OfferData.
type RenegotiateTracks struct{}

// SDPOffer is the client's offer.
type SDPOffer struct {
	SDP       string
	Metadata  map[string]any      // by track id; an absent one is nil
	Bitrates  map[string]Bitrates // by track id
	MidTracks map[string]string   // mid → id of the client's own live tracks
}

// Candidate is an ICE candidate of the client. It carries nothing of use: an
// ICE-lite server learns addresses from checks.
type Candidate struct{}

// SetTargetTrackVariant is the variant of a simulcast track that the client
// wants to receive.
type SetTargetTrackVariant struct {
	TrackID string
	Variant string // "l", "m" or "h"
}

// TrackVariantBitrates says how much the client means to send.
type TrackVariantBitrates struct {
	TrackID  string
	Bitrates Bitrates
}

// Ignored is an event that old SDKs send and that has no effect: priorities
// and preferred video sizes.
type Ignored struct{ Type string }

// Bitrates is bit/s by variant. That of a track without simulcast is "h".
type Bitrates map[string]int

func (Connect) event()                {}
func (Disconnect) event()             {}
func (UpdateEndpointMetadata) event() {}
func (UpdateTrackMetadata) event()    {}
func (ToggleTrackEncoding) event()    {}
func (RenegotiateTracks) event()      {}
func (SDPOffer) event()               {}
func (Candidate) event()              {}
func (SetTargetTrackVariant) event()  {}
func (TrackVariantBitrates) event()   {}
func (Ignored) event()                {}
