//go:build e2e

package mixed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	pb "github.com/fjord-media/fjord/proto"
)

// Scenario 12: a server socket on any node, of either kind, hears the events of
// all nodes, each once; webhooks come from the owner alone; metrics reports come
// from every node.
func TestNotificationsCross(t *testing.T) {
	t.Parallel()
	for _, dialect := range []elixir.Dialect{elixir.Fishjam, elixir.Main, elixir.Jellyfish} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			eachOTP(t, func(t *testing.T) { notificationsCross(t, dialect) })
		})
	}
}

func notificationsCross(t *testing.T, dialect elixir.Dialect) {
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
	all := elixir.StartAll(t, w.options("d1@localhost", dialect, "f1@localhost"), w.options("d2@localhost", elixir.Fishjam, "f1@localhost"))
	d := all[0]
	testkit.WaitMesh(t, 5*time.Second, nodes[0], nodes[1], all[0].REST, all[1].REST)
	members(t, 3*time.Second, 4, nodes...)
	ears := []*listener{listen(t, nodes[0]), listen(t, nodes[1])}
	hook := webhooks(t)

	// Rooms of all four, through Fjord, each with a webhook.
	byAddress := map[string]string{}
	for range 4 {
		r := nodes[0].MustPostRoom(t, fmt.Sprintf(`{"webhookUrl":%q}`, hook.url))
		byAddress[r.Address] = r.ID
	}
	if len(byAddress) != 4 {
		t.Fatalf("rooms at %v, want four places", byAddress)
	}
	for address, id := range byAddress {
		hearers := all
		if address == "d1:1" || address == "d2:1" {
			hearers = onlyTheirs(dialect, all)
		}
		if address == "d2:1" && len(hearers) == 1 {
			hearers = all[1:]
		}
		everywhere(t, ears, hearers, "room_created", id)
	}
	// A peer of a Go room comes and goes.
	onGo := byAddress["f2:1"]
	peer := joins(t, nodes[1], onGo)
	for _, kind := range []string{"peer_added", "peer_connected"} {
		everywhere(t, ears, all, kind, onGo+" "+peer)
	}
	// One of a room of the original.
	onDouble := byAddress[d.Address]
	d.Eval(t, fmt.Sprintf(`'Elixir.Double.PubSub':event({peer_added, <<"%s">>, <<"p">>}).`, onDouble))
	d.Eval(t, fmt.Sprintf(`'Elixir.Double.PubSub':event({peer_connected, <<"%s">>, <<"p">>}).`, onDouble))
	for _, kind := range []string{"peer_added", "peer_connected"} {
		everywhere(t, ears, onlyTheirs(dialect, all), kind, onDouble+" p")
	}
	for f, id := range map[*testkit.Fjord]string{nodes[0]: byAddress["f1:1"], nodes[1]: onGo, d.REST: onDouble} {
		if status, body, err := f.Do(http.MethodDelete, "/room/"+id, ""); err != nil || status >= 300 {
			t.Errorf("delete %s: %d %s %v", id, status, body, err)
		}
	}
	for _, id := range []string{byAddress["f1:1"], onGo} {
		everywhere(t, ears, all, "room_deleted", id)
		hook.once(t, "room_created "+id)
		hook.once(t, "room_deleted "+id)
	}
	hook.once(t, "peer_connected "+onGo+" "+peer)
	for _, l := range ears {
		l.once(t, "room_deleted "+onDouble)
	}
	before := []int{ears[0].metrics(), ears[1].metrics()}
	testkit.Within(t, 3*time.Second, "reports of all four nodes arrive", func() bool {
		return ears[0].metrics() >= before[0]+8 && ears[1].metrics() >= before[1]+8
	})
	for _, d := range all {
		d.Clean(t)
	}
}

// onlyTheirs are the doubles of the same product: Jellyfish's PubSub is another.
func onlyTheirs(dialect elixir.Dialect, all []*elixir.Double) []*elixir.Double {
	if dialect == elixir.Jellyfish {
		return all[:1]
	}
	return all
}

// everywhere waits until an event was heard on all nodes, and checks in the end
// that it was heard once.
func everywhere(t *testing.T, ears []*listener, doubles []*elixir.Double, kind, what string) {
	t.Helper()
	for _, l := range ears {
		l.once(t, kind+" "+what)
	}
	tuple := fmt.Sprintf(`{%s,<<"%s">>}`, kind, strings.ReplaceAll(what, " ", `">>,<<"`))
	for _, d := range doubles {
		testkit.Within(t, 2*time.Second, d.Node+" hears "+tuple, func() bool { return heard(t, d, tuple) == 1 })
	}
}

func heard(t testing.TB, d *elixir.Double, tuple string) (n int) {
	t.Helper()
	for _, e := range d.Events(t) {
		if e == tuple {
			n++
		}
	}
	return n
}

// account is a peer as POST …/peer answers it.
type account struct{ peer, token, url string }

// addPeer adds a peer through a node.
func addPeer(t testing.TB, f *testkit.Fjord, room string) account {
	t.Helper()
	status, body, err := f.Do(http.MethodPost, "/room/"+room+"/peer", `{"type":"webrtc","options":{}}`)
	var answer struct {
		Data struct {
			Token string
			URL   string `json:"peer_websocket_url"`
			Peer  struct{ ID string }
		}
	}
	if err != nil || status != http.StatusCreated || json.Unmarshal([]byte(body), &answer) != nil {
		t.Fatalf("add a peer: %d %s %v", status, body, err)
	}
	return account{answer.Data.Peer.ID, answer.Data.Token, answer.Data.URL}
}

// enter opens a peer socket of a node with a token: nil, or how it was closed.
func enter(t testing.TB, f *testkit.Fjord, token string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(f.API, "http")+"/socket/peer/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	b, err := proto.Marshal(&pb.PeerMessage{Content: &pb.PeerMessage_AuthRequest_{AuthRequest: &pb.PeerMessage_AuthRequest{Token: token}}})
	if err == nil {
		err = ws.Write(ctx, websocket.MessageBinary, b)
	}
	if err == nil {
		_, b, err = ws.Read(ctx)
	}
	if err == nil && string(b) != "\x0a\x00" {
		t.Fatalf("the peer's socket says %x", b)
	}
	return err
}

// joins adds a peer and connects its socket.
func joins(t *testing.T, f *testkit.Fjord, room string) (peer string) {
	t.Helper()
	a := addPeer(t, f, room)
	if err := enter(t, f, a.token); err != nil {
		t.Fatal(err)
	}
	return a.peer
}
