package signal

import (
	"encoding/json"
	"fmt"
	"math"
)

// custom is the type of events that wrap another one.
const custom = "custom"

type envelope struct {
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

type decoder func(data json.RawMessage) (Event, error)

// decoders is the table of plain events.
func decoders(name string) decoder {
	switch name {
	case "connect":
		return decodeConnect
	case "disconnect":
		return constant(Disconnect{})
	case "updateEndpointMetadata", "updatePeerMetadata": // the latter: iOS
		return decodeEndpointMetadata
	case "updateTrackMetadata":
		return decodeTrackMetadata
	case "disableTrackEncoding":
		return toggle(true)
	case "enableTrackEncoding":
		return toggle(false)
	}
	return nil
}

// customDecoders is the table of wrapped events.
func customDecoders(name string) decoder {
	switch name {
	case "renegotiateTracks":
		return constant(RenegotiateTracks{})
	case "sdpOffer":
		return decodeOffer
	case "candidate":
		return constant(Candidate{})
	case "setTargetTrackVariant":
		return decodeTarget
	case "trackVariantBitrates":
		return decodeBitrates
	case "prioritizeTrack", "unprioritizeTrack", "preferedVideoSizes":
		return constant(Ignored{Type: name})
	}
	return nil
}

// Decode reads a client's media event. Errors: ErrTooLarge, ErrMalformed,
// ErrUnknown (with the type's name).
func Decode(text []byte) (Event, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(text))
	}
	e, err := unwrap(text)
	if err != nil {
		return nil, err
	}
	table := decoders
	if e.Type == custom {
		if e, err = unwrap(e.Data); err != nil {
			return nil, err
		}
		table = customDecoders
	}
	decode := table(e.Type)
	if decode == nil {
		return nil, fmt.Errorf("%w: %.64q", ErrUnknown, e.Type)
	}
	event, err := decode(e.Data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, e.Type, err)
	}
	return event, nil
}

func unwrap(text []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return e, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

func constant(e Event) decoder {
	return func(json.RawMessage) (Event, error) { return e, nil }
}

// fields reads an object; absent data is an empty one.
func fields(data json.RawMessage, into any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, into)
}

func decodeConnect(data json.RawMessage) (Event, error) {
	var f struct {
		Metadata any `json:"metadata"`
	}
	err := fields(data, &f)
	return Connect{Metadata: f.Metadata}, err
}

func decodeEndpointMetadata(data json.RawMessage) (Event, error) {
	var f struct {
		Metadata any `json:"metadata"`
	}
	err := fields(data, &f)
	return UpdateEndpointMetadata{Metadata: f.Metadata}, err
}

func decodeTrackMetadata(data json.RawMessage) (Event, error) {
	var f struct {
		TrackID  string `json:"trackId"`
		Metadata any    `json:"trackMetadata"`
	}
	err := fields(data, &f)
	return UpdateTrackMetadata{TrackID: f.TrackID, Metadata: f.Metadata}, err
}

func toggle(disabled bool) decoder {
	return func(data json.RawMessage) (Event, error) {
		var f struct {
			TrackID  string `json:"trackId"`
			Encoding string `json:"encoding"`
		}
		err := fields(data, &f)
		return ToggleTrackEncoding{TrackID: f.TrackID, Encoding: f.Encoding, Disabled: disabled}, err
	}
}

func decodeTarget(data json.RawMessage) (Event, error) {
	var f struct {
		TrackID string `json:"trackId"`
		Variant string `json:"variant"`
	}
	err := fields(data, &f)
	return SetTargetTrackVariant{TrackID: f.TrackID, Variant: f.Variant}, err
}

func decodeBitrates(data json.RawMessage) (Event, error) {
	var f struct {
		TrackID  string   `json:"trackId"`
		Bitrates Bitrates `json:"variantBitrates"`
	}
	err := fields(data, &f)
	return TrackVariantBitrates{TrackID: f.TrackID, Bitrates: f.Bitrates}, err
}

func decodeOffer(data json.RawMessage) (Event, error) {
	var f struct {
		Offer struct {
			Type string `json:"type"`
			SDP  string `json:"sdp"`
		} `json:"sdpOffer"`
		Metadata  map[string]any      `json:"trackIdToTrackMetadata"`
		Bitrates  map[string]Bitrates `json:"trackIdToTrackBitrates"`
		MidTracks map[string]string   `json:"midToTrackId"`
	}
	if err := fields(data, &f); err != nil {
		return nil, err
	}
	if f.Offer.Type != "" && f.Offer.Type != "offer" {
		return nil, fmt.Errorf("description of type %.16q", f.Offer.Type)
	}
	return SDPOffer{SDP: f.Offer.SDP, Metadata: f.Metadata, Bitrates: f.Bitrates, MidTracks: f.MidTracks}, nil
}

// UnmarshalJSON accepts a number (the track's only encoding), an object by
// variant, and treats everything else, which concerns nobody but the
// bandwidth's division, as absent.
func (b *Bitrates) UnmarshalJSON(text []byte) error {
	*b = nil
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	switch v := value.(type) {
	case float64:
		b.set("h", v)
	case map[string]any:
		for rid, n := range v {
			if bps, ok := n.(float64); ok {
				b.set(rid, bps)
			}
		}
	}
	return nil
}

// set keeps what a bitrate can be.
func (b *Bitrates) set(rid string, bps float64) {
	if (rid != "l" && rid != "m" && rid != "h") || !(bps > 0) || bps > math.MaxInt32 {
		return
	}
	if *b == nil {
		*b = Bitrates{}
	}
	(*b)[rid] = int(bps)
}
