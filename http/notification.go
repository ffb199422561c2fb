package httpapi

import (
	"encoding/json"

	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
	"github.com/fjord-media/fjord/room"
)

// encodeEvent writes a server notification. It reports false for an event
// that has none, or whose ids are no UTF-8, which the protocol demands.
func encodeEvent(e room.Event) ([]byte, bool) {
	m := &pb.ServerMessage{}
	if !(setRoomEvent(m, e) || setPeerEvent(m, e) || setTrackEvent(m, e)) {
		return nil, false
	}
	b := encodeServer(m)
	return b, len(b) > 0
}

// encodeServer writes a message; nothing if some text of it is no UTF-8.
func encodeServer(m *pb.ServerMessage) []byte {
	b, _ := proto.Marshal(m)
	return b
}

func encodeReport(json string) []byte {
	return encodeServer(&pb.ServerMessage{Content: &pb.ServerMessage_MetricsReport_{
		MetricsReport: &pb.ServerMessage_MetricsReport{Metrics: json},
	}})
}

func setRoomEvent(m *pb.ServerMessage, e room.Event) bool {
	id := string(e.Room())
	switch e := e.(type) {
	case room.RoomCreated:
		m.Content = &pb.ServerMessage_RoomCreated_{RoomCreated: &pb.ServerMessage_RoomCreated{RoomId: id}}
	case room.RoomDeleted:
		m.Content = &pb.ServerMessage_RoomDeleted_{RoomDeleted: &pb.ServerMessage_RoomDeleted{RoomId: id}}
	case room.RoomCrashed:
		m.Content = &pb.ServerMessage_RoomCrashed_{RoomCrashed: &pb.ServerMessage_RoomCrashed{RoomId: id}}
	case room.ComponentCrashed:
		m.Content = &pb.ServerMessage_ComponentCrashed_{
			ComponentCrashed: &pb.ServerMessage_ComponentCrashed{RoomId: id, ComponentId: e.Component},
		}
	case room.HLSPlayable:
		m.Content = &pb.ServerMessage_HlsPlayable_{HlsPlayable: &pb.ServerMessage_HlsPlayable{RoomId: id, ComponentId: e.Component}}
	case room.HLSUploaded:
		m.Content = &pb.ServerMessage_HlsUploaded_{HlsUploaded: &pb.ServerMessage_HlsUploaded{RoomId: id}}
	case room.HLSUploadCrashed:
		m.Content = &pb.ServerMessage_HlsUploadCrashed_{HlsUploadCrashed: &pb.ServerMessage_HlsUploadCrashed{RoomId: id}}
	default:
		return false
	}
	return true
}

func setPeerEvent(m *pb.ServerMessage, e room.Event) bool {
	id := string(e.Room())
	switch e := e.(type) {
	case room.PeerAdded:
		m.Content = &pb.ServerMessage_PeerAdded_{PeerAdded: &pb.ServerMessage_PeerAdded{RoomId: id, PeerId: e.Peer}}
	case room.PeerDeleted:
		m.Content = &pb.ServerMessage_PeerDeleted_{PeerDeleted: &pb.ServerMessage_PeerDeleted{RoomId: id, PeerId: e.Peer}}
	case room.PeerConnected:
		m.Content = &pb.ServerMessage_PeerConnected_{PeerConnected: &pb.ServerMessage_PeerConnected{RoomId: id, PeerId: e.Peer}}
	case room.PeerDisconnected:
		m.Content = &pb.ServerMessage_PeerDisconnected_{
			PeerDisconnected: &pb.ServerMessage_PeerDisconnected{RoomId: id, PeerId: e.Peer},
		}
	case room.PeerCrashed:
		m.Content = &pb.ServerMessage_PeerCrashed_{PeerCrashed: &pb.ServerMessage_PeerCrashed{RoomId: id, PeerId: e.Peer, Reason: e.Reason}}
	case room.PeerMetadataUpdated:
		m.Content = &pb.ServerMessage_PeerMetadataUpdated_{
			PeerMetadataUpdated: &pb.ServerMessage_PeerMetadataUpdated{RoomId: id, PeerId: e.Peer, Metadata: jsonText(e.Metadata)},
		}
	default:
		return false
	}
	return true
}

func setTrackEvent(m *pb.ServerMessage, e room.Event) bool {
	id := string(e.Room())
	switch e := e.(type) {
	case room.TrackAdded:
		peer, component := endpointIDs(e.Endpoint)
		m.Content = &pb.ServerMessage_TrackAdded_{TrackAdded: &pb.ServerMessage_TrackAdded{
			RoomId: id, PeerId: peer, ComponentId: component, Track: encodeTrack(e.Track),
		}}
	case room.TrackRemoved:
		peer, component := endpointIDs(e.Endpoint)
		m.Content = &pb.ServerMessage_TrackRemoved_{TrackRemoved: &pb.ServerMessage_TrackRemoved{
			RoomId: id, PeerId: peer, ComponentId: component, Track: encodeTrack(e.Track),
		}}
	case room.TrackMetadataUpdated:
		peer, component := endpointIDs(e.Endpoint)
		m.Content = &pb.ServerMessage_TrackMetadataUpdated_{TrackMetadataUpdated: &pb.ServerMessage_TrackMetadataUpdated{
			RoomId: id, PeerId: peer, ComponentId: component, Track: encodeTrack(e.Track),
		}}
	default:
		return false
	}
	return true
}

func endpointIDs(e room.Endpoint) (peer, component *string) {
	if e.Component != "" {
		return nil, &e.Component
	}
	return &e.Peer, nil
}

func encodeTrack(t room.Track) *pb.ServerMessage_Track {
	kind := pb.ServerMessage_TRACK_TYPE_UNSPECIFIED
	switch t.Type {
	case "video":
		kind = pb.ServerMessage_TRACK_TYPE_VIDEO
	case "audio":
		kind = pb.ServerMessage_TRACK_TYPE_AUDIO
	}
	return &pb.ServerMessage_Track{Id: t.ID, Type: kind, Metadata: jsonText(t.Metadata)}
}

// jsonText is a value as JSON; null when it has none.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
