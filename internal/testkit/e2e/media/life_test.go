//go:build e2e

package media

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// TestPaths: two peers see and hear each other, directly and through TURN only.
func TestPaths(t *testing.T) {
	n := start(t)
	for name, o := range map[string]sfupeer.Options{
		"direct": {}, "TURN over UDP": {Relay: true}, "TURN over TCP": {Relay: true, TCP: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := n.MustPostRoom(t, "").ID
			a, b := n.join(t, room, o), n.join(t, room, o)
			publish(t, a, video("a:v"), audio("a:a"))
			publish(t, b, video("b:v"), audio("b:a"))
			for track, p := range map[string]*peer{"a:v": b, "a:a": b, "b:v": a, "b:a": a} {
				flows(t, p, track, 20)
				if f := p.Received(track).Faults; len(f) > 0 {
					t.Errorf("%s: %v", track, f)
				}
			}
		})
	}
}

// TestLife: a socket drops and the peer comes back with its token; a second
// connection is refused meanwhile; REST shows and removes peers and the room.
func TestLife(t *testing.T) {
	n := start(t)
	room := n.MustPostRoom(t, "").ID
	first := n.mustAddPeer(t, room)
	a, b := n.mustConnect(t, first, sfupeer.Options{}), n.join(t, room, sfupeer.Options{})
	publish(t, a, video("a:1"))
	flows(t, b, "a:1", 20)

	second, err := n.connect(first, sfupeer.Options{})
	if err == nil {
		second.Leave()
		t.Fatal("a second connection was accepted")
	}
	if !strings.Contains(err.Error(), "peer already connected") {
		t.Errorf("second connection: %v", err)
	}
	flows(t, b, "a:1", 20)

	a.Leave()
	testkit.Within(t, limit, "the other sees it leave", func() bool { return b.Count("endpointRemoved") == 1 })
	again := n.mustConnect(t, first, sfupeer.Options{})
	publish(t, again, video("a:2"))
	flows(t, b, "a:2", 20)
	testkit.Within(t, limit, "REST shows the track", func() bool {
		status, body, err := n.Do(http.MethodGet, "/room/"+room, "")
		return err == nil && status == http.StatusOK && strings.Contains(body, `"a:2"`) || strings.Contains(body, `"tracks":[{`)
	})

	n.mustDelete(t, "/room/"+room+"/peer/"+first.id)
	closes(t, again, websocket.StatusNormalClosure, "Peer removed")
	testkit.Within(t, limit, "the other sees it removed", func() bool { return b.Count("endpointRemoved") == 2 })
	if _, err := n.connect(first, sfupeer.Options{}); err == nil || !strings.Contains(err.Error(), "peer not found") {
		t.Errorf("a removed peer's token: %v", err)
	}
	n.mustDelete(t, "/room/"+room)
	closes(t, b, websocket.StatusNormalClosure, "Room stopped")
	if _, err := n.connect(b.account, sfupeer.Options{}); err == nil || !strings.Contains(err.Error(), "room not found") {
		t.Errorf("the token of a peer whose room is gone: %v", err)
	}
}
