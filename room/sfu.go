package room

import (
	"log/slog"

	"github.com/fjord-media/fjord/sfu"
)

// AdaptSFU makes a Media of a node's engine.
func AdaptSFU(engine *sfu.Engine, logger *slog.Logger) Media { return sfuMedia{engine, logger} }

type sfuMedia struct {
	engine *sfu.Engine
	logger *slog.Logger
}

// NewRoom implements Media.
func (m sfuMedia) NewRoom(o MediaRoomOptions) (MediaRoom, error) {
	r, err := m.engine.NewRoom(sfu.RoomOptions{
		ID: string(o.ID), VideoCodec: o.VideoCodec, Forwarded: o.Forwarded, Crashed: o.Crashed, Logger: m.logger,
		Events: func(e sfu.Event) {
			if event, ok := fromSFU(e); ok {
				o.Events(event)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return sfuRoom{r}, nil
}

type sfuRoom struct{ *sfu.Room }

// AddPeer implements MediaRoom.
func (r sfuRoom) AddPeer(o MediaPeerOptions) (MediaPeer, error) {
	p, err := r.Room.AddPeer(sfu.PeerOptions{ID: o.ID, Simulcast: o.Simulcast, Metadata: o.Metadata})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// fromSFU translates an event; it reports false for one that rooms need not
// know.
func fromSFU(e sfu.Event) (MediaEvent, bool) {
	switch e := e.(type) {
	case sfu.TrackAdded:
		return MediaEvent{Kind: MediaTrackAdded, Endpoint: e.Endpoint, Track: trackOf(e.Track)}, true
	case sfu.TrackRemoved:
		return MediaEvent{Kind: MediaTrackRemoved, Endpoint: e.Endpoint, Track: trackOf(e.Track)}, true
	case sfu.TrackMetadataUpdated:
		return MediaEvent{Kind: MediaTrackMetadataUpdated, Endpoint: e.Endpoint, Track: trackOf(e.Track)}, true
	case sfu.EndpointMetadataUpdated:
		return MediaEvent{Kind: MediaMetadataUpdated, Endpoint: e.Endpoint, Metadata: e.Metadata}, true
	case sfu.EndpointCrashed:
		return MediaEvent{Kind: MediaEndpointCrashed, Endpoint: e.Endpoint, Err: e.Err}, true
	}
	return MediaEvent{}, false
}

func trackOf(t sfu.TrackInfo) Track {
	return Track{ID: t.ID, Type: string(t.Kind), Metadata: t.Metadata}
}
