//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// Scenario 13: the owner is killed. Its rooms are unknown, others go on; each
// Fjord node tells its own listeners of each room once, nobody tells nodes of the
// original, and the room's webhook is told once.
func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost", "f3@localhost"})
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, append(nodes, d.REST)...)
	members(t, 3*time.Second, 4, nodes...)
	hook := webhooks(t)
	early := roomsWith(t, nodes[0], hook.url, 8)
	// A node that comes later knows these rooms and their webhooks from lists; of
	// all survivors it has the greatest name.
	newcomer := w.fjord("f4@localhost", "FJ_DIST_NODES", "f1@localhost")
	testkit.WaitMesh(t, 3*time.Second, append(nodes, d.REST, newcomer)...)
	members(t, 3*time.Second, 5, append(nodes, newcomer)...)
	ears := []*listener{listen(t, nodes[0]), listen(t, nodes[1]), listen(t, newcomer)}
	late := map[string][]string{}
	for len(late["f3:1"]) < 2 || len(late["f2:1"]) < 1 {
		for address, ids := range roomsWith(t, nodes[0], hook.url, 5) {
			late[address] = append(late[address], ids...)
		}
	}
	lost := append(early["f3:1"], late["f3:1"]...)
	if len(early["f3:1"]) != 2 {
		t.Fatalf("rooms: %v", early)
	}
	nodes[2].Kill(t)
	for _, id := range lost {
		for _, l := range ears {
			l.once(t, "room_crashed "+id)
		}
		hook.once(t, "room_crashed "+id)
		status, body, err := nodes[0].Do(http.MethodGet, "/room/"+id, "")
		if want := fmt.Sprintf(`{"errors":"Room %s does not exist"}`, id); err != nil || status != 404 || body != want {
			t.Errorf("a room of the dead: %d %s %v", status, body, err)
		}
	}
	for _, id := range append(early["f1:1"], late["f2:1"]...) {
		if ears[0].count("room_crashed "+id) != 0 {
			t.Errorf("room %s of a living node is said to have crashed", id)
		}
	}
	// The same when a node of the original dies: Fjord's listeners hear of it.
	d.Clean(t)
	for _, e := range d.Events(t) {
		if strings.HasPrefix(e, "{room_crashed") {
			t.Errorf("told to the original: %s", e)
		}
	}
	ofDouble := append(early["d1:1"], late["d1:1"]...)
	d.Kill(t)
	for _, id := range ofDouble {
		for _, l := range ears {
			l.once(t, "room_crashed "+id)
		}
	}
	members(t, 3*time.Second, 3, nodes[0])
	spread(t, nodes[0], 4)
}

// roomsWith makes rooms with a webhook and sorts their ids by address.
func roomsWith(t *testing.T, f *testkit.Fjord, url string, count int) map[string][]string {
	t.Helper()
	ids := map[string][]string{}
	for range count {
		r := f.MustPostRoom(t, fmt.Sprintf(`{"webhookUrl":%q}`, url))
		ids[r.Address] = append(ids[r.Address], r.ID)
	}
	return ids
}

// With request routing the survivors know from the id who is gone; main's nodes
// and Fjord's route to each other.
func TestRoutedRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"}, "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED", "true")
	o := w.options("d1@localhost", elixir.Main, "f1@localhost")
	o.Routing = true
	d := elixir.Start(t, o)
	testkit.WaitMesh(t, 5*time.Second, append(nodes, d.REST)...)
	members(t, 3*time.Second, 3, nodes...)
	ids := map[string]string{}
	for i := range 6 {
		r := []*testkit.Fjord{nodes[0], nodes[1], d.REST}[i%3].MustPostRoom(t, `{"roomId":"mine"}`)
		if r.ID == "mine" {
			t.Error("a client chose the id")
		}
		ids[r.Address] = r.ID
	}
	if len(ids) != 3 {
		t.Fatalf("rooms at %v", ids)
	}
	for _, f := range []*testkit.Fjord{nodes[0], nodes[1], d.REST} {
		for address, id := range ids {
			if !has(f, id) {
				t.Errorf("%s does not find the room at %s", f.Name, address)
			}
		}
	}
	if status, _, _ := nodes[0].Do(http.MethodDelete, "/room/"+ids["d1:1"], ""); status != 204 {
		t.Errorf("delete on the double: %d", status)
	}
	if status, _, _ := d.REST.Do(http.MethodDelete, "/room/"+ids["f2:1"], ""); status != 204 {
		t.Errorf("delete by the double: %d", status)
	}
	r := nodes[1].MustPostRoom(t, "")
	for r.Address != "f2:1" {
		r = nodes[1].MustPostRoom(t, "")
	}
	nodes[1].Kill(t)
	members(t, 3*time.Second, 2, nodes[0])
	status, body, err := nodes[0].Do(http.MethodGet, "/room/"+r.ID, "")
	if err != nil || status != 404 {
		t.Errorf("a room of the dead: %d %s %v", status, body, err)
	}
	t.Logf("a room of the dead: %d %s", status, body)
	if status, body, _ := nodes[0].Do(http.MethodGet, "/room/none", ""); status != 400 || body != `{"errors":"Invalid room ID: none"}` {
		t.Errorf("no such id: %d %s", status, body)
	}
	d.Clean(t)
}
