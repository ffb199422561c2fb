//go:build e2e

package mixed

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// Scenario 15: thirty Fjord nodes that list the first three, and three of the
// original, started together, are one full mesh, and share rooms.
func TestMeshOf33(t *testing.T) {
	w := newWorld(t)
	const seeds = "n1@localhost n2@localhost n3@localhost"
	begin := time.Now()
	var all []*testkit.Fjord
	for i := range 30 {
		name := fmt.Sprintf("n%d@localhost", i+1)
		all = append(all, w.Node(t, name, "FJ_HOST", addressOf(name), "FJ_DIST_NODES", seeds, "FJ_LOG_LEVEL", "warning"))
	}
	doubles := w.doubles([]string{"d1@localhost", "d2@localhost", "d3@localhost"})
	for _, f := range all[:3] {
		f.WaitUp(t)
	}
	for i, d := range doubles {
		d.Expect(t, fmt.Sprintf("net_kernel:connect_node('n%d@localhost').", i+1), "true")
	}
	for _, d := range doubles {
		all = append(all, d.REST)
	}
	testkit.WaitMesh(t, 10*time.Second, all...)
	t.Logf("33 nodes are one mesh %s after the first was started", time.Since(begin).Round(time.Millisecond))
	members(t, 5*time.Second, 33, all[0])
	if got := spread(t, all[0], 33); len(got) != 33 {
		t.Errorf("33 rooms on %d nodes: %v", len(got), got)
	}
	for _, d := range doubles {
		d.Expect(t, "global:sync().", "ok")
		d.Clean(t)
	}
}
