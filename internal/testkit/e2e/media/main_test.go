//go:build e2e

// Package media proves the media plane of the built binary without a browser:
// rooms and peers by REST, peer sockets, and Pion clients that speak the media
// events as the SDKs do.
package media

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// limit is how long anything may take on a quiet machine.
const limit = 10 * time.Second

// node is a running fjord and where its metrics are.
type node struct {
	*testkit.Fjord
	metrics string
}

// start starts a node with TURN over UDP and TCP.
func start(t testing.TB) *node {
	t.Helper()
	return startWith(t, nil)
}

// startWith starts one with more variables.
func startWith(t testing.TB, more map[string]string) *node {
	t.Helper()
	ports := testkit.FreePorts(t, 2)
	env := map[string]string{
		"FJ_METRICS_PORT": strconv.Itoa(ports[0]), "FJ_WEBRTC_TURN_TCP_PORT": strconv.Itoa(ports[1]), "FJ_LOG_LEVEL": "warning",
	}
	maps.Copy(env, more)
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: env}).WaitUp(t)
	return &node{Fjord: f, metrics: fmt.Sprintf("http://127.0.0.1:%d/metrics", ports[0])}
}

// gauge reads one metric; -1: it is not there.
func (n *node) gauge(t testing.TB, name string) float64 {
	t.Helper()
	answer, err := http.Get(n.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return -1
}

// descriptors is how many files and sockets the node has open.
func (n *node) descriptors(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// settles waits until a node that held rooms has no more than it had before.
func (n *node) settles(t testing.TB, goroutines float64, descriptors int) {
	t.Helper()
	const spare = 8 // keep-alive connections, a garbage collector at work
	testkit.Within(t, 3*limit, "goroutines and sockets are given back", func() bool {
		return n.gauge(t, "go_goroutines") <= goroutines+spare && n.descriptors(t) <= descriptors+spare
	})
	t.Logf("%v goroutines (before: %v), %d descriptors (before: %d)", n.gauge(t, "go_goroutines"), goroutines, n.descriptors(t), descriptors)
}

// account is a peer as REST made it.
type account struct{ room, id, token string }

// errStatus says that a request was answered with another status than wanted.
var errStatus = errors.New("unexpected status")

func (n *node) addPeer(room string) (account, error) {
	status, body, err := n.Do(http.MethodPost, "/room/"+room+"/peer", `{"type":"webrtc","options":{"enableSimulcast":true}}`)
	if err != nil {
		return account{}, err
	}
	var added struct {
		Data struct {
			Token string
			Peer  struct{ ID string }
		}
	}
	if status != http.StatusCreated {
		return account{}, fmt.Errorf("add peer: %w %d: %s", errStatus, status, body)
	}
	err = json.Unmarshal([]byte(body), &added)
	return account{room: room, id: added.Data.Peer.ID, token: added.Data.Token}, err
}

func (n *node) mustAddPeer(t testing.TB, room string) account {
	t.Helper()
	a, err := n.addPeer(room)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (n *node) mustDelete(t testing.TB, path string) {
	t.Helper()
	if status, body, err := n.Do(http.MethodDelete, path, ""); err != nil || status != http.StatusNoContent {
		t.Fatalf("delete %s: %d %s %v", path, status, body, err)
	}
}

// peer is a client with its socket.
type peer struct {
	*sfupeer.Socket
	account
}

// connect opens the socket of a peer, says its token and connects its media.
func (n *node) connect(a account, o sfupeer.Options) (*peer, error) {
	return n.connectChanged(a, o, nil)
}

// connectChanged is connect for a client whose media events are changed on
// their way to the node; change: nil for none.
func (n *node) connectChanged(a account, o sfupeer.Options, change func([]byte) []byte) (*peer, error) {
	s, err := sfupeer.Enter(n.API, a.token, o, change)
	if err != nil {
		return nil, fmt.Errorf("peer %s: %w", a.id, err)
	}
	return &peer{s, a}, nil
}

// join adds a peer to a room and connects it.
func (n *node) join(t testing.TB, room string, o sfupeer.Options) *peer {
	t.Helper()
	return n.mustConnect(t, n.mustAddPeer(t, room), o)
}

func (n *node) mustConnect(t testing.TB, a account, o sfupeer.Options) *peer {
	t.Helper()
	p, err := n.connect(a, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Leave)
	testkit.Within(t, limit, a.id+" is connected", func() bool { return p.ID() == a.id })
	return p
}

func video(id string) *sfupeer.Source { return &sfupeer.Source{ID: id, Kind: "video", Codec: "VP8"} }

func audio(id string) *sfupeer.Source {
	return &sfupeer.Source{ID: id, Kind: "audio", Codec: "opus", Level: 20}
}

func publish(t testing.TB, p *peer, list ...*sfupeer.Source) {
	t.Helper()
	for _, s := range list {
		if err := p.Publish(s); err != nil {
			t.Fatal(err)
		}
	}
}

// flows waits until a client has received so many packets more of a track.
func flows(t testing.TB, p *peer, track string, packets int) {
	t.Helper()
	have := p.Received(track).Packets
	testkit.Within(t, limit, track+" flows", func() bool { return p.Received(track).Packets >= have+packets })
}

// closes waits for the end of a peer's socket.
func closes(t testing.TB, p *peer, code websocket.StatusCode, reason string) {
	t.Helper()
	select {
	case <-p.Done:
	case <-time.After(testkit.Slack * limit):
		t.Fatalf("%s: the socket is still open", p.id)
	}
	if p.Code != code || p.Reason != reason {
		t.Errorf("%s: closed with %d %q, want %d %q", p.id, p.Code, p.Reason, code, reason)
	}
}
