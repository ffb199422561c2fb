package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

// fakeCluster notes what it is told.
type fakeCluster struct {
	report  ClusterReport
	asked   bool
	drained []time.Duration
	undo    error
}

func (f *fakeCluster) Cluster(_ context.Context, ask bool) ClusterReport {
	f.asked = ask
	return f.report
}

func (f *fakeCluster) Drain(wait time.Duration) error {
	f.drained = append(f.drained, wait)
	return nil
}

func (f *fakeCluster) Undrain() error { return f.undo }

// noRooms are what these tests do not look at.
type noRooms struct{ room.Service }

func clusterAPI(f *fakeCluster) http.Handler {
	return New(Options{Rooms: noRooms{}, Token: "token", Cluster: f})
}

func askCluster(h http.Handler, method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestClusterRoute(t *testing.T) {
	since := time.Date(2024, 5, 23, 0, 0, 0, 0, time.UTC)
	f := &fakeCluster{report: ClusterReport{
		Node: "f1@h", Release: "1", Members: 1, Warnings: []string{},
		Nodes: []ClusterNode{{Node: "f2@h", State: "down", Since: &since, Kind: "unknown", Wanted: true, Reason: "epmd_refused", Detail: "why", Attempts: 2}},
	}}
	w := askCluster(clusterAPI(f), http.MethodGet, "/cluster", "token", "")
	want := `{"data":{"node":"f1@h","release":"1","draining":false,"refusing":false,"notReady":"","usage":{"forwardedTracks":0,"rooms":0},` +
		`"members":1,"expectedNodes":0,"warnings":[],"nodes":[{"node":"f2@h","state":"down","since":"2024-05-23T00:00:00Z","kind":"unknown",` +
		`"release":"","address":"","wanted":true,"hidden":false,"dialled":false,"leftOut":false,"refusing":false,"usage":null,` +
		`"reason":"epmd_refused","detail":"why","attempts":2,"nextRetry":null}]}}`
	if w.Code != http.StatusOK || w.Body.String() != want || !f.asked {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, route := range []string{"GET /cluster", "POST /drain", "DELETE /drain"} {
		method, path, _ := strings.Cut(route, " ")
		if w := askCluster(clusterAPI(f), method, path, "", ""); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", route, w.Code)
		}
	}
	if len(f.drained) != 0 {
		t.Error("drained without a token")
	}
}

func TestDrainRoute(t *testing.T) {
	f := &fakeCluster{}
	for body, want := range map[string]time.Duration{``: 0, `{"timeout":null}`: 0, `{"timeout":90}`: 90 * time.Second} {
		f.drained = nil
		if w := askCluster(clusterAPI(f), http.MethodPost, "/drain", "token", body); w.Code != http.StatusAccepted || len(f.drained) != 1 || f.drained[0] != want {
			t.Errorf("%s: %d %v", body, w.Code, f.drained)
		}
	}
	f.drained = nil
	for _, body := range []string{`{"timeout":-1}`, `{"timeout":"x"}`, `{"timeout":1.5}`, `{"timeout":999999999}`} {
		if w := askCluster(clusterAPI(f), http.MethodPost, "/drain", "token", body); w.Code != http.StatusBadRequest || len(f.drained) != 0 {
			t.Errorf("%s: %d %v", body, w.Code, f.drained)
		}
	}
	if w := askCluster(clusterAPI(f), http.MethodDelete, "/drain", "token", ""); w.Code != http.StatusNoContent {
		t.Errorf("undo: %d", w.Code)
	}
	f.undo = ErrNotUndone
	if w := askCluster(clusterAPI(f), http.MethodDelete, "/drain", "token", ""); w.Code != http.StatusConflict {
		t.Errorf("undo too late: %d", w.Code)
	}
}

func TestClusterMetrics(t *testing.T) {
	since := time.Unix(1700000000, 0)
	f := &fakeCluster{report: ClusterReport{Members: 2, ExpectedNodes: 3, Draining: true, Nodes: []ClusterNode{
		{Node: "f2@h", State: "up", Kind: "fjord", Release: "1", Since: &since}, {Node: "f3@h", State: "down", Kind: "unknown", Reason: "ticked_out", Attempts: 4},
	}}}
	w := httptest.NewRecorder()
	NewMetrics(noStats{}, NewClusterMetrics(f)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`fjord_cluster_members 2`, `fjord_cluster_expected_nodes 3`, `fjord_cluster_draining 1`, `fjord_cluster_refusing 0`,
		`fjord_cluster_nodes{state="up"} 1`, `fjord_cluster_nodes{state="down"} 1`, `fjord_cluster_nodes{state="dialling"} 0`,
		`fjord_cluster_peer_up{kind="fjord",peer="f2@h",release="1"} 1`, `fjord_cluster_peer_up{kind="unknown",peer="f3@h",release=""} 0`,
		`fjord_cluster_peer_down{peer="f3@h",reason="ticked_out"} 1`, `fjord_cluster_peer_attempts{peer="f3@h"} 4`,
		`fjord_cluster_peer_since_seconds{peer="f2@h"} 1.7e+09`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if f.asked {
		t.Error("a scrape asks the members")
	}
}
