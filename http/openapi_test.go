package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	httpapi "github.com/fjord-media/fjord/http"
)

// described are requests that reach every operation, and most answers of
// each, in order. {peer} stands for the id of the peer added last.
var described = []struct {
	operation, method, path, body string
	status                        int
}{
	{"create_room", "POST", "/room", `{"roomId":"r","maxPeers":1,"webhookUrl":"http://127.0.0.1:1/x"}`, 201},
	{"create_room", "POST", "/room", ``, 201},
	{"create_room", "POST", "/room", `{"roomId":"r"}`, 400},
	{"create_room", "POST", "/room", `{`, 400},
	{"get_all_rooms", "GET", "/room", "", 200},
	{"get_room", "GET", "/room/r", "", 200},
	{"get_room", "GET", "/room/x", "", 404},
	{"add_peer", "POST", "/room/r/peer", `{"type":"webrtc","options":{"enableSimulcast":false}}`, 201},
	{"get_room", "GET", "/room/r", "", 200},
	{"get_all_rooms", "GET", "/room", "", 200},
	{"add_peer", "POST", "/room/r/peer", `{"type":"webrtc"}`, 503},
	{"add_peer", "POST", "/room/r/peer", `{}`, 400},
	{"add_peer", "POST", "/room/x/peer", `{"type":"webrtc"}`, 404},
	{"delete_peer", "DELETE", "/room/r/peer/{peer}", "", 204},
	{"delete_peer", "DELETE", "/room/r/peer/{peer}", "", 404},
	{"add_component", "POST", "/room/r/component", `{"type":"file","options":{"filePath":"x"}}`, 400},
	{"add_component", "POST", "/room/x/component", `{"type":"file"}`, 404},
	{"delete_component", "DELETE", "/room/r/component/x", "", 404},
	{"subscribe_to", "POST", "/room/r/component/x/subscribe", `{"origins":[]}`, 400},
	{"subscribe_to", "POST", "/room/x/component/x/subscribe", `{"origins":[]}`, 404},
	{"dial", "POST", "/sip/r/x/call", `{"phoneNumber":"1"}`, 400},
	{"dial", "POST", "/sip/x/x/call", `{"phoneNumber":"1"}`, 404},
	{"end_call", "DELETE", "/sip/r/x/call", "", 400},
	{"end_call", "DELETE", "/sip/x/x/call", "", 404},
	{"get_recordings", "GET", "/recording", "", 200},
	{"get_recording_content", "GET", "/recording/one/index.m3u8", "", 200},
	{"get_recording_content", "GET", "/recording/one/other", "", 404},
	{"get_recording_content", "GET", "/recording/one/..", "", 400},
	{"delete_recording", "DELETE", "/recording/one", "", 204},
	{"delete_recording", "DELETE", "/recording/one", "", 404},
	{"delete_recording", "DELETE", "/recording/..", "", 400},
	{"get_hls_content", "GET", "/hls/r/index.m3u8", "", 404},
	{"get_hls_content", "GET", "/hls/r/..", "", 400},
	{"healthcheck", "GET", "/health", "", 200},
	{"livez", "GET", "/livez", "", 200},
	{"readyz", "GET", "/readyz", "", 503},
	{"get_log_level", "GET", "/log/level", "", 200},
	{"set_log_level", "PUT", "/log/level", `{"level":"debug"}`, 204},
	{"set_log_level", "PUT", "/log/level", `{"level":"loud"}`, 400},
	{"get_cluster", "GET", "/cluster", "", 200},
	{"drain", "POST", "/drain", `{"timeout":5}`, 202},
	{"drain", "POST", "/drain", `{"timeout":"x"}`, 400},
	{"undrain", "DELETE", "/drain", "", 204},
	{"delete_room", "DELETE", "/room/r", "", 204},
	{"delete_room", "DELETE", "/room/r", "", 404},
}

// lonely is a cluster of one node.
type lonely struct{}

func (lonely) Cluster(context.Context, bool) httpapi.ClusterReport { return httpapi.ClusterReport{} }
func (lonely) Drain(time.Duration) error                           { return nil }
func (lonely) Undrain() error                                      { return nil }

type level struct{}

func (level) Level() string { return "info" }

func (level) SetLevel(l string) error {
	if l != "debug" {
		return errors.New("unknown")
	}
	return nil
}

func TestOpenAPIDescribesTheServer(t *testing.T) {
	d := readDescription(t)
	s := startSurface(t, nil)
	resources := t.TempDir()
	if err := os.MkdirAll(filepath.Join(resources, "recordings", "one"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(resources, "recordings", "one", "index.m3u8"), []byte("#EXTM3U"), 0o600); err != nil {
		t.Fatal(err)
	}
	api := newTestAPI(func(o *httpapi.Options) {
		o.Rooms, o.Tokens, o.Host, o.Resources = s.rooms, s.tokens, "test:1234", resources
		o.Cluster, o.LogLevel, o.Ready = lonely{}, level{}, func() error { return errors.New("starting") }
		o.ComponentsUsed = []string{"file"}
	})
	driven := map[string]bool{}
	peer := ""
	for _, c := range described {
		driven[c.operation] = true
		path, op := d.find(c.operation)
		if op.OperationID == "" || d.Paths[path][strings.ToLower(c.method)].OperationID != c.operation {
			t.Errorf("%s is not described", c.operation)
			continue
		}
		answer := drive(t, api, c.method, strings.ReplaceAll(c.path, "{peer}", peer), c.body)
		if answer.StatusCode != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, answer.StatusCode, c.status)
		}
		if id := d.checkAnswer(t, op, answer); id != "" {
			peer = id
		}
	}
	for path, operations := range d.Paths {
		for method, op := range operations {
			if !driven[op.OperationID] {
				t.Errorf("%s %s is not driven", method, path)
			}
			for _, p := range op.Parameters {
				if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
					t.Errorf("%s has no %s", path, p.Name)
				}
			}
		}
	}
}

func (d description) find(id string) (string, operation) {
	for path, operations := range d.Paths {
		for _, op := range operations {
			if op.OperationID == id {
				return path, op
			}
		}
	}
	return "", operation{}
}

func drive(t *testing.T, api http.Handler, method, path, body string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w.Result()
}

// checkAnswer compares an answer with its description; it returns the id of an
// added peer.
func (d description) checkAnswer(t *testing.T, op operation, answer *http.Response) (peer string) {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	want, ok := op.Responses[strconv.Itoa(answer.StatusCode)]
	if !ok {
		t.Errorf("%s: status %d is not described: %s", op.OperationID, answer.StatusCode, body)
		return ""
	}
	content, ok := want.Content["application/json"]
	if !ok {
		return ""
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Errorf("%s: %v: %s", op.OperationID, err, body)
		return ""
	}
	if err := d.check(content.Schema, v, op.OperationID); err != nil {
		t.Errorf("%v: %s", err, body)
	}
	var added struct {
		Data struct{ Peer struct{ ID string } }
	}
	_ = json.Unmarshal(body, &added) // of other shapes: no peer
	return added.Data.Peer.ID
}

// TestEveryRouteIsDescribed: nothing is served that the description leaves out,
// pages aside.
func TestEveryRouteIsDescribed(t *testing.T) {
	d := readDescription(t)
	s := startSurface(t, nil)
	routes := httpapi.RoutesForTest(httpapi.Options{
		Rooms: s.rooms, Tokens: s.tokens, Cluster: lonely{}, LogLevel: level{}, Token: "token",
	})
	count := 0
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		if page := strings.Split(path, "/")[1]; slices.Contains([]string{"docs", "dashboard", "openapi.json"}, page) {
			continue
		}
		count++
		if _, ok := d.Paths[path][strings.ToLower(method)]; !ok {
			t.Errorf("%s is not described", route)
		}
	}
	described := 0
	for _, operations := range d.Paths {
		described += len(operations)
	}
	if described != count {
		t.Errorf("%d operations described, %d served", described, count)
	}
}
