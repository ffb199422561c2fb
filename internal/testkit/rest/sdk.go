package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
)

// SDK is how a published server SDK talks to a server: the headers of its HTTP
// library, the bodies it sends, and the name of the address it reads.
type SDK struct {
	Name       string
	Header     http.Header // besides Authorization
	RoomBody   string      // of POST /room; SDKs differ in sending nulls
	PeerBody   string      // of POST /room/:id/peer
	AddressKey string      // of the answer to POST /room
}

// SDKs are those of Fishjam and Jellyfish for servers.
func SDKs() []SDK {
	return []SDK{
		{
			Name:       "Python",
			Header:     http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"OpenAPI-Generator/1.0.0/python"}},
			RoomBody:   `{"maxPeers": 2, "videoCodec": "h264", "webhookUrl": null, "peerlessPurgeTimeout": null, "roomId": null}`,
			PeerBody:   `{"type": "webrtc", "options": {"enableSimulcast": true}}`,
			AddressKey: "fishjam_address",
		},
		{
			Name:       "JavaScript",
			Header:     http.Header{"Accept": {"application/json, text/plain, */*"}, "Content-Type": {"application/json"}, "User-Agent": {"axios/1.6.7"}},
			RoomBody:   `{"maxPeers":2,"videoCodec":"h264"}`,
			PeerBody:   `{"type":"webrtc","options":{"enableSimulcast":true}}`,
			AddressKey: "fishjam_address",
		},
		{
			Name:       "Elixir",
			Header:     http.Header{"Content-Type": {"application/json"}},
			RoomBody:   `{"roomId":null,"maxPeers":2,"videoCodec":"h264","webhookUrl":null,"peerlessPurgeTimeout":null,"peerDisconnectedTimeout":null}`,
			PeerBody:   `{"options":{"enableSimulcast":true},"type":"webrtc"}`,
			AddressKey: "jellyfish_address",
		},
	}
}

// Run creates a room and a peer, reads them, deletes both, and checks the
// notifications that come meanwhile.
func (s SDK) Run(ctx context.Context, base, token string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	notifier, err := s.listen(ctx, base, token)
	if err != nil {
		return fmt.Errorf("notifier: %w", err)
	}
	defer func() { _ = notifier.CloseNow() }()
	created, err := s.call(ctx, base, token, http.MethodPost, "/room", s.RoomBody, http.StatusCreated)
	if err != nil {
		return err
	}
	var room struct {
		Room struct {
			ID     string
			Config struct{ MaxPeers int }
		}
	}
	var address map[string]any
	if err := decode(created, &room, &address); err != nil {
		return err
	}
	if room.Room.ID == "" || room.Room.Config.MaxPeers != 2 || address[s.AddressKey] == nil {
		return fmt.Errorf("created room is %s", created)
	}
	path := "/room/" + room.Room.ID
	added, err := s.call(ctx, base, token, http.MethodPost, path+"/peer", s.PeerBody, http.StatusCreated)
	if err != nil {
		return err
	}
	var peer struct {
		Peer  struct{ ID, Status string }
		Token string
	}
	if err := decode(added, &peer); err != nil || peer.Token == "" || peer.Peer.Status != "disconnected" {
		return fmt.Errorf("added peer is %s: %w", added, err)
	}
	for _, step := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/room", 200},
		{http.MethodGet, path, 200},
		{http.MethodDelete, path + "/peer/" + peer.Peer.ID, 204},
		{http.MethodDelete, path, 204},
		{http.MethodGet, path, 404},
	} {
		if _, err := s.call(ctx, base, token, step.method, step.path, "", step.status); err != nil {
			return err
		}
	}
	return s.expect(ctx, notifier, room.Room.ID, peer.Peer.ID)
}

// call makes a request and returns what is in the data of the answer.
func (s SDK) call(ctx context.Context, base, token, method, path, body string, status int) (json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = s.Header.Clone()
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != status {
		return nil, fmt.Errorf("%s %s: status %d: %s", method, path, answer.StatusCode, text)
	}
	var envelope struct{ Data json.RawMessage }
	if len(text) > 0 {
		err = json.Unmarshal(text, &envelope)
	}
	return envelope.Data, err
}

func decode(data []byte, into ...any) error {
	for _, v := range into {
		if err := json.Unmarshal(data, v); err != nil {
			return err
		}
	}
	return nil
}

// listen authenticates and subscribes, as the SDKs' notifiers do.
func (s SDK) listen(ctx context.Context, base, token string) (*websocket.Conn, error) {
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(base, "http")+"/socket/server/websocket", nil)
	if err != nil {
		return nil, err
	}
	for _, m := range []*pb.ServerMessage{
		{Content: &pb.ServerMessage_AuthRequest_{AuthRequest: &pb.ServerMessage_AuthRequest{Token: token}}},
		{Content: &pb.ServerMessage_SubscribeRequest_{SubscribeRequest: &pb.ServerMessage_SubscribeRequest{
			EventType: pb.ServerMessage_EVENT_TYPE_SERVER_NOTIFICATION,
		}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			return nil, err
		}
		if err := ws.Write(ctx, websocket.MessageBinary, b); err != nil {
			return nil, err
		}
		if _, err := next(ctx, ws); err != nil {
			return nil, err
		}
	}
	return ws, nil
}

func next(ctx context.Context, ws *websocket.Conn) (*pb.ServerMessage, error) {
	_, b, err := ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m pb.ServerMessage
	return &m, proto.Unmarshal(b, &m)
}

// expect reads the notifications of the room, past those of others.
func (s SDK) expect(ctx context.Context, ws *websocket.Conn, room, peer string) error {
	var got []string
	want := []string{"created", "added " + peer, "deleted " + peer, "ended"}
	for len(got) < len(want) {
		m, err := next(ctx, ws)
		if err != nil {
			return fmt.Errorf("after %q: %w", got, err)
		}
		switch {
		case m.GetRoomCreated().GetRoomId() == room:
			got = append(got, "created")
		case m.GetPeerAdded().GetRoomId() == room:
			got = append(got, "added "+m.GetPeerAdded().GetPeerId())
		case m.GetPeerDeleted().GetRoomId() == room:
			got = append(got, "deleted "+m.GetPeerDeleted().GetPeerId())
		case m.GetRoomDeleted().GetRoomId() == room:
			got = append(got, "ended")
		}
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("notifications %q, want %q", got, want)
		}
	}
	return nil
}
