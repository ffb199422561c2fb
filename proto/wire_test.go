package pb_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	pb "github.com/fjord-media/fjord/proto"
)

func tracked(room, peer, component string) *pb.ServerMessage {
	added := &pb.ServerMessage_TrackAdded{
		RoomId: room, Track: &pb.ServerMessage_Track{Id: "t", Type: pb.ServerMessage_TRACK_TYPE_AUDIO, Metadata: "null"},
	}
	if peer != "" {
		added.PeerId = &peer
	} else {
		added.ComponentId = &component
	}
	return &pb.ServerMessage{Content: &pb.ServerMessage_TrackAdded_{TrackAdded: added}}
}

// TestFrames compares with frames of the original.
func TestFrames(t *testing.T) {
	cases := map[string]struct {
		message proto.Message
		want    string
	}{
		"peer authenticated":   {&pb.PeerMessage{Content: &pb.PeerMessage_Authenticated_{Authenticated: &pb.PeerMessage_Authenticated{}}}, "0a00"},
		"peer auth request":    {&pb.PeerMessage{Content: &pb.PeerMessage_AuthRequest_{AuthRequest: &pb.PeerMessage_AuthRequest{Token: "ab"}}}, "12040a026162"},
		"media event":          {&pb.PeerMessage{Content: &pb.PeerMessage_MediaEvent_{MediaEvent: &pb.PeerMessage_MediaEvent{Data: "{}"}}}, "1a040a027b7d"},
		"server authenticated": {&pb.ServerMessage{Content: &pb.ServerMessage_Authenticated_{Authenticated: &pb.ServerMessage_Authenticated{}}}, "3200"},
		"subscribed": {&pb.ServerMessage{Content: &pb.ServerMessage_SubscribeResponse_{SubscribeResponse: &pb.ServerMessage_SubscribeResponse{
			EventType: pb.ServerMessage_EVENT_TYPE_SERVER_NOTIFICATION,
		}}}, "4a020801"},
		"room created":    {&pb.ServerMessage{Content: &pb.ServerMessage_RoomCreated_{RoomCreated: &pb.ServerMessage_RoomCreated{RoomId: "r"}}}, "52030a0172"},
		"peer deleted":    {&pb.ServerMessage{Content: &pb.ServerMessage_PeerDeleted_{PeerDeleted: &pb.ServerMessage_PeerDeleted{RoomId: "r", PeerId: "p"}}}, "aa01060a0172120170"},
		"peer's track":    {tracked("r", "p", ""), "8a01130a0172120170220b0a017410021a046e756c6c"},
		"component track": {tracked("r", "", "c"), "8a01130a01721a0163220b0a017410021a046e756c6c"},
	}
	for name, c := range cases {
		got, err := proto.Marshal(c.message)
		if err != nil || hex.EncodeToString(got) != c.want {
			t.Errorf("%s: %x, want %s (%v)", name, got, c.want, err)
		}
	}
}

// TestJellyfishReadsTheSame renames the package and compares every message.
func TestJellyfishReadsTheSame(t *testing.T) {
	for _, file := range []protoreflect.FileDescriptor{pb.File_server_proto, pb.File_peer_proto} {
		definition := protodesc.ToFileDescriptorProto(file)
		text, err := proto.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		renamed := strings.ReplaceAll(string(text), ".fishjam.", ".jellyfi.") // of the same length
		if err := proto.Unmarshal([]byte(renamed), definition); err != nil {
			t.Fatal(err)
		}
		definition.Package = proto.String("jellyfi")
		other, err := protodesc.NewFile(definition, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range []proto.Message{tracked("room", "peer", ""), &pb.PeerMessage{Content: &pb.PeerMessage_MediaEvent_{
			MediaEvent: &pb.PeerMessage_MediaEvent{Data: "x"},
		}}} {
			descriptor := other.Messages().ByName(message.ProtoReflect().Descriptor().Name())
			if descriptor == nil {
				continue
			}
			frame, err := proto.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			read := dynamicpb.NewMessage(descriptor)
			if err := proto.Unmarshal(frame, read); err != nil || len(read.GetUnknown()) != 0 {
				t.Errorf("%s: %v", descriptor.FullName(), err)
			}
			if again, _ := (proto.MarshalOptions{Deterministic: true}).Marshal(read); string(again) != string(frame) {
				t.Errorf("%x became %x", frame, again)
			}
		}
	}
}
