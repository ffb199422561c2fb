package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/rest"
)

const secret = "secret of the conformance tests"

// startServer starts the real binary.
func startServer(t *testing.T) *testkit.Fjord {
	t.Helper()
	return testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{
		"FJ_SECRET_KEY_BASE": secret, "FJ_COMPONENTS_USED": "hls rtsp file sip", "FJ_SIP_IP": "127.0.0.1",
		"FJ_RESOURCES_BASE_PATH": t.TempDir(),
	}}).WaitUp(t)
}

func tables(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testkit.Root(t), "testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing at %s: %v", pattern, err)
	}
	return files
}

// TestTables runs every conformance table, at least 150 cases in all.
func TestTables(t *testing.T) {
	f := startServer(t)
	total := 0
	for _, file := range tables(t, "rest/*.txt") {
		cases, err := rest.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		total += len(cases)
		t.Run(filepath.Base(file), func(t *testing.T) {
			rest.Run(t, f.API, http.Header{"Authorization": {"Bearer " + testkit.Token}}, file)
		})
	}
	if total < 150 {
		t.Errorf("%d cases", total)
	}
}

// TestSockets plays the scripts of both websockets.
func TestSockets(t *testing.T) {
	f := startServer(t)
	signer, err := token.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tables(t, "sockets/*.txt") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rest.RunSockets(t, f.API, func(t *testing.T) rest.SocketWords { return words(t, f, signer) }, file)
		})
	}
}

// words are those of a new room with a peer.
func words(t *testing.T, f *testkit.Fjord, signer *token.Signer) rest.SocketWords {
	t.Helper()
	id := f.MustPostRoom(t, "").ID
	var added struct {
		Data struct {
			Token string
			Peer  struct{ ID string }
		}
	}
	status, body, err := f.Do(http.MethodPost, fmt.Sprintf("/room/%s/peer", id), `{"type":"webrtc"}`)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("add peer: %d %s %v", status, body, err)
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&added); err != nil {
		t.Fatal(err)
	}
	peer := added.Data.Peer.ID
	sign := func(room, peer string, age time.Duration) string {
		return signer.Sign(token.Claims{Room: room, Peer: peer}, time.Now().Add(-age))
	}
	return rest.SocketWords{
		"api": testkit.Token, "room": id, "peer": peer, "token": added.Data.Token,
		"expired": sign(id, peer, 25*time.Hour), "noroom": sign("nowhere", peer, 0), "nopeer": sign(id, "nobody", 0),
	}
}

// TestSDKs runs the published server SDKs' way through a room's life.
func TestSDKs(t *testing.T) {
	f := startServer(t)
	for _, sdk := range rest.SDKs() {
		t.Run(sdk.Name, func(t *testing.T) {
			t.Parallel()
			if err := sdk.Run(t.Context(), f.API, testkit.Token); err != nil {
				t.Error(err)
			}
		})
	}
}
