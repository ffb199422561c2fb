package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
)

// life is a room with a peer that connects and is removed, and a server that
// gives the wrong token. It returns the peer's id.
func life(t *testing.T, f *testkit.Fjord) string {
	t.Helper()
	f.MustPostRoom(t, `{"roomId":"logged"}`)
	_, body, err := f.Do(http.MethodPost, "/room/logged/peer", `{"type":"webrtc"}`)
	var added struct {
		Data struct {
			Token string
			Peer  struct{ ID string }
		}
	}
	if err != nil || json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&added) != nil || len(added.Data.Token) > 400 {
		t.Fatalf("%s %v", body, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	dial := func(kind, message string) *websocket.Conn {
		ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(f.API, "http")+"/socket/"+kind+"/websocket", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.Write(ctx, websocket.MessageBinary, []byte(message)); err != nil {
			t.Fatal(err)
		}
		_, _, _ = ws.Read(ctx)
		return ws
	}
	size := func(n int) string { return string([]byte{byte(n&0x7f | 0x80), byte(n >> 7)}) }
	n := len(added.Data.Token)
	ws := dial("peer", "\x12"+size(n+3)+"\x0a"+size(n)+added.Data.Token)
	defer ws.CloseNow()
	defer dial("server", "\x3a\x03\x0a\x01x").CloseNow()
	for _, path := range []string{"/room/logged/peer/" + added.Data.Peer.ID, "/room/logged"} {
		if status, body, err := f.Do(http.MethodDelete, path, ""); status != 204 || err != nil {
			t.Errorf("DELETE %s: %d %s %v", path, status, body, err)
		}
	}
	return added.Data.Peer.ID
}

// TestLog: an operator finds the lines that Fishjam writes, those of start-up
// in its order and those of rooms and peers with their ids.
func TestLog(t *testing.T) {
	f := startServer(t)
	peer := life(t, f)
	f.WaitLog(t, 5*time.Second, `Deleted room "logged"`)
	const at = `(?m)^\d\d:\d\d:\d\d\.\d{3} `
	last := -1
	for _, line := range []string{
		at + `\[info\] Starting Fjord `, at + `\[info\] Distribution config: `, at + `\[info\] WebRTC config: `, at + `\[info\] Allowed components: `,
		at + `\[info\] Running Fjord API at `, at + `\[info\] Access Fjord API at `, at + `\[info\] Starting prometheus metrics endpoint at: http://`,
		at + `room_id=logged \[info\] Initialize room$`, at + `room_id=logged \[info\] Created room "logged"$`,
		at + `room_id=logged peer_id=` + peer + ` \[info\] Added peer "` + peer + `"$`,
		at + `\[info\] New incoming peer WebSocket connection, accepting$`,
		at + `room_id=logged peer_id=` + peer + ` \[info\] Peer "` + peer + `" connected$`,
		at + `\[info\] New incoming server WebSocket connection, accepting$`,
		at + `\[warning\] Authentication failed, reason: invalid token\.\n +Closing the connection\.$`,
		at + `room_id=logged peer_id=` + peer + ` \[info\] Removed peer "` + peer + `" from room "logged"$`,
		at + `room_id=logged peer_id=` + peer + ` \[info\] Peer socket stopped because peer removed$`,
		at + `room_id=logged \[info\] Deleted room "logged"$`,
	} {
		found := regexp.MustCompile(line).FindStringIndex(f.Log())
		if found == nil || found[0] < last {
			t.Errorf("%s: at %v, the one before at %d", line, found, last)
			continue
		}
		last = found[0]
	}
}

// TestStructuredLog: each line is an object of the original's shape.
func TestStructuredLog(t *testing.T) {
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_STRUCTURED_LOGGING": "true"}}).WaitUp(t)
	peer := life(t, f)
	f.WaitLog(t, 5*time.Second, `Deleted room \\"logged\\"`)
	seen := false
	for line := range strings.Lines(f.Log()) {
		var entry struct {
			Time              time.Time
			Severity, Message string
			Metadata          map[string]any
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&entry); err != nil || entry.Message == "" || entry.Severity == "" || entry.Time.IsZero() {
			t.Errorf("%s: %v", line, err)
		}
		seen = seen || entry.Metadata["room_id"] == "logged" && entry.Metadata["peer_id"] == peer
	}
	if !seen {
		t.Error("no line has the ids")
	}
}
