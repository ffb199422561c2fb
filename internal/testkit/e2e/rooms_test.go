//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// One of many simultaneous requests for the same id gets the room, the others
// the original's text.
func TestRoomIDIsUniqueInTheCluster(t *testing.T) {
	c := testkit.NewCluster(t)
	list := "n1@localhost n2@localhost n3@localhost n4@localhost"
	var nodes []*testkit.Fjord
	for i := 1; i <= 4; i++ {
		nodes = append(nodes, c.Node(t, fmt.Sprintf("n%d@localhost", i), "FJ_DIST_NODES", list))
	}
	for _, n := range nodes {
		n.WaitUp(t)
	}
	testkit.WaitMesh(t, 3*time.Second, nodes...)

	const requests = 200
	want := `{"errors":"Cannot add room with id \"same\" - room already exists"}`
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range requests {
		wg.Go(func() {
			status, body, err := nodes[i%len(nodes)].Do(http.MethodPost, "/room", `{"roomId":"same"}`)
			answer := fmt.Sprint(status, " ", body, err)
			switch {
			case err == nil && status == http.StatusCreated:
				answer = "created"
			case err == nil && status == http.StatusBadRequest && body == want:
				answer = "exists"
			}
			mu.Lock()
			defer mu.Unlock()
			got[answer]++
		})
	}
	wg.Wait()
	if got["created"] != 1 || got["exists"] != requests-1 {
		t.Errorf("answers: %v", got)
	}
}

func TestRoomsOverREST(t *testing.T) {
	c := testkit.NewCluster(t)
	f := c.Node(t, "n1@localhost").WaitUp(t)
	room := f.MustPostRoom(t, `{"roomId":"hall","maxPeers":7}`)
	if room.ID != "hall" {
		t.Errorf("id %q", room.ID)
	}
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, "/room", "", 200},
		{http.MethodGet, "/room/hall", "", 200},
		{http.MethodPost, "/room", `{"roomId":"hall"}`, 400},
		{http.MethodPost, "/room", `{"maxPeers":"many"}`, 400},
		{http.MethodDelete, "/room/hall", "", 204},
		{http.MethodGet, "/room/hall", "", 404},
		{http.MethodDelete, "/room/hall", "", 404},
		{http.MethodGet, "/nothing", "", 404},
		{http.MethodGet, "/health", "", 200},
	} {
		status, body, err := f.Do(step.method, step.path, step.body)
		if err != nil || status != step.status {
			t.Errorf("%s %s: %d %s %v, want %d", step.method, step.path, status, body, err, step.status)
		}
	}
}
