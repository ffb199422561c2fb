package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	"github.com/fjord-media/fjord/internal/testkit"
	pb "github.com/fjord-media/fjord/proto"
)

// origin is where a page was loaded from that is no part of the node.
const origin = "http://page.test:5173"

// page is a page of another origin, as the original's dashboard is: what the
// browser would not let it see, it does not see.
type page struct {
	t    *testing.T
	node *testkit.Fjord
}

// ask makes a request as a browser does, the preflight first.
func (p page) ask(method, path, body string, into any) {
	p.t.Helper()
	preflight := p.send(http.MethodOptions, path, "", http.Header{
		"Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"authorization,content-type"},
	})
	allowed := strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers"))
	if preflight.StatusCode != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), method) ||
		!strings.Contains(allowed, "authorization") || !strings.Contains(allowed, "content-type") {
		p.t.Errorf("preflight of %s %s: %s %v", method, path, preflight.Status, preflight.Header)
	}
	answer := p.send(method, path, body, http.Header{"Authorization": {"Bearer " + testkit.Token}, "Content-Type": {"application/json"}})
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text, err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			p.t.Fatalf("%s %s: %s: %v", method, path, text, err)
		}
	}
}

func (p page) send(method, path, body string, header http.Header) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.node.API+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header = header
	request.Header.Set("Origin", origin)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		p.t.Errorf("%s %s: the browser does not show the answer: %v", method, path, answer.Header)
	}
	return answer
}

// TestPageOfAnotherOrigin does what the original's dashboard does, which is
// loaded from elsewhere: rooms, peers, and notifications from the socket beside
// that of the peers.
func TestPageOfAnotherOrigin(t *testing.T) {
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_CHECK_ORIGIN": "false"}}).WaitUp(t)
	p := page{t, f}
	var created struct {
		Data struct {
			Address string `json:"fishjam_address"`
			Room    struct{ ID string }
		}
	}
	p.ask("POST", "/room", `{"maxPeers":null}`, &created)
	if "http://"+created.Data.Address != f.API {
		t.Errorf("the room is at %s, the node at %s", created.Data.Address, f.API)
	}
	path := "/room/" + created.Data.Room.ID
	var added struct {
		Data struct {
			Peer struct{ ID string }
			URL  string `json:"peer_websocket_url"`
		}
	}
	p.ask("POST", path+"/peer", `{"type":"webrtc","options":{"enableSimulcast":true}}`, &added)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+strings.Replace(added.Data.URL, "/peer/", "/server/", 1), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	for _, frame := range []string{"\x3a\x0d\x0a\x0b" + testkit.Token, "\x42\x02\x08\x01", "\x42\x02\x08\x02"} {
		if err := ws.Write(ctx, websocket.MessageBinary, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	var list struct{ Data []struct{ ID string } }
	p.ask("GET", "/room", "", &list)
	p.ask("GET", path, "", nil)
	if len(list.Data) != 1 {
		t.Errorf("rooms: %v", list)
	}
	var report, ended bool
	for deleted := false; !report || !ended; {
		_, b, err := ws.Read(ctx)
		var m pb.ServerMessage
		if err != nil || proto.Unmarshal(b, &m) != nil {
			t.Fatalf("report %v, end %v, %q, %v", report, ended, b, err)
		}
		if r := m.GetMetricsReport(); r != nil {
			report = json.Valid([]byte(r.GetMetrics()))
		}
		if m.GetSubscribeResponse() != nil && !deleted {
			deleted = true
			p.ask("DELETE", path+"/peer/"+added.Data.Peer.ID, "", nil)
			p.ask("DELETE", path, "", nil)
		}
		ended = ended || m.GetRoomDeleted().GetRoomId() == created.Data.Room.ID
	}
}
