//go:build e2e

package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// Limits on a quiet machine; testkit.Slack multiplies them.
const (
	joinLimit  = 5 * time.Second
	mediaLimit = 10 * time.Second
)

// startNode starts a node whose sockets any page may use.
func startNode(t *testing.T, env map[string]string) *testkit.Fjord {
	t.Helper()
	all := map[string]string{"FJ_CHECK_ORIGIN": "false"}
	for k, v := range env {
		all[k] = v
	}
	node := testkit.StartFjord(t, testkit.FjordOptions{Env: all}).WaitUp(t)
	t.Cleanup(func() {
		if bad := node.Matches(`.*(\[error\]|panic).*`); len(bad) > 0 {
			t.Errorf("%s logged errors: %q", node.Name, bad)
		}
	})
	return node
}

// meeting is a room and the pages in it.
type meeting struct {
	t    *testing.T
	node *testkit.Fjord
	sdk  string
	room string
}

// meet creates a room on a node of its own.
func meet(t *testing.T, sdk, room string) *meeting {
	t.Helper()
	node := startNode(t, nil)
	return &meeting{t: t, node: node, sdk: sdk, room: node.MustPostRoom(t, room).ID}
}

// invitation is what POST …/peer answers.
type invitation struct{ Peer, Token, Host string }

func (m *meeting) invite() invitation {
	m.t.Helper()
	status, body, err := m.node.Do(http.MethodPost, "/room/"+m.room+"/peer", `{"type":"webrtc","options":{"enableSimulcast":true}}`)
	if err != nil || status != http.StatusCreated {
		m.t.Fatalf("add a peer: status %d, %s, %v", status, body, err)
	}
	var answer struct {
		Data struct {
			Peer             struct{ ID string }
			Token            string
			PeerWebsocketURL string `json:"peer_websocket_url"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		m.t.Fatal(err)
	}
	host, _, _ := strings.Cut(answer.Data.PeerWebsocketURL, "/")
	return invitation{Peer: answer.Data.Peer.ID, Token: answer.Data.Token, Host: host}
}

// enter makes a page join with an invitation and waits until it has.
func (i invitation) enter(p *page, options map[string]any) {
	p.t.Helper()
	before := p.look().emitted("joined", "")
	i.try(p, options)
	v := p.until(joinLimit, "joins", func(v view) bool { return v.emitted("joined", "") > before })
	if v.ID != i.Peer {
		p.t.Fatalf("%s joined as %s, want %s", p.name, v.ID, i.Peer)
	}
}

// try makes a page connect and does not wait.
func (i invitation) try(p *page, options map[string]any) {
	p.t.Helper()
	args := map[string]any{"host": i.Host, "token": i.Token, "metadata": map[string]any{"name": p.name}}
	for k, v := range options {
		args[k] = v
	}
	p.call("join", args, nil)
}

// join opens a page that joins the room with the meeting's SDK.
func (m *meeting) join(name string) *page {
	m.t.Helper()
	p := open(m.t, m.sdk, name)
	m.invite().enter(p, nil)
	return p
}

// video is a wish for a small, slow camera; changes make it another.
func video(changes map[string]any) map[string]any {
	wish := map[string]any{"kind": "video", "width": 320, "height": 180, "rate": 10, "metadata": map[string]any{"type": "camera"}}
	for k, v := range changes {
		wish[k] = v
	}
	return wish
}

func audio() map[string]any {
	return map[string]any{"kind": "audio", "metadata": map[string]any{"type": "microphone"}}
}

// camera publishes a video and returns its track's id.
func (p *page) camera(changes map[string]any) string {
	p.t.Helper()
	var id string
	p.call("publish", video(changes), &id)
	return id
}

func (p *page) microphone() string {
	p.t.Helper()
	var id string
	p.call("publish", audio(), &id)
	return id
}

// both publishes a camera and a microphone.
func (p *page) both() []string {
	p.t.Helper()
	return []string{p.camera(nil), p.microphone()}
}

// id is the page's peer.
func (p *page) id() string { return p.look().ID }

// progress waits until one more second or so of each track has been decoded:
// frames of the videos, energy of the audio.
func (p *page) progress(tracks ...string) view {
	p.t.Helper()
	first := map[string]remote{}
	var v view
	p.until(mediaLimit, fmt.Sprintf("sees and hears %d tracks", len(tracks)), func(now view) bool {
		v = now
		all := true
		for _, id := range tracks {
			track, ok := now.Tracks[id]
			if !ok || !track.Ready || (track.Kind == "video" && track.Frames == 0) || (track.Kind == "audio" && track.Packets == 0) {
				all = false
				continue
			}
			if _, seen := first[id]; !seen {
				first[id] = track
			}
			moved := track.Frames >= first[id].Frames+5
			if track.Kind == "audio" {
				moved = track.Energy > first[id].Energy
			}
			all = all && moved
		}
		return all
	})
	return v
}

// rest makes a REST request that must answer with a status.
func (m *meeting) rest(method, path string, want int) string {
	m.t.Helper()
	status, body, err := m.node.Do(method, path, "")
	if err != nil || status != want {
		m.t.Fatalf("%s %s: status %d, want %d: %s, %v", method, path, status, want, body, err)
	}
	return body
}
