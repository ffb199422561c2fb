//go:build e2e

package mixed

import (
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// Scenario 11: 200 creations at once through all four nodes are spread evenly.
func TestBurst(t *testing.T) {
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost", "f3@localhost", "f4@localhost"})
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	// All know each other for Fjord nodes, which tell each other what is on its way.
	testkit.Within(t, 3*time.Second, "all have met", func() bool {
		met := 0
		for _, f := range nodes {
			for _, n := range clusterOf(f).Nodes {
				if n.Kind == "fjord" {
					met++
				}
			}
		}
		return met == len(nodes)*(len(nodes)-1)
	})
	const requests = 200
	total := map[string]int{} // what each node holds
	for round := 1; round <= 3; round++ {
		var wait sync.WaitGroup
		var mu sync.Mutex
		slowest := time.Duration(0)
		for i := range requests {
			wait.Go(func() {
				r, err := nodes[i%len(nodes)].PostRoom("")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				total[r.Address]++
				slowest = max(slowest, r.Took)
			})
		}
		wait.Wait()
		t.Logf("after %d bursts: %v, slowest answer %s", round, total, slowest.Round(time.Millisecond))
		share := round * requests / len(nodes)
		for _, f := range []string{"f1:1", "f2:1", "f3:1", "f4:1"} {
			if n := total[f]; n < share*9/10 || n > share*11/10 {
				t.Errorf("%d rooms at %s, want %d within ten per cent", n, f, share)
			}
		}
	}
}
