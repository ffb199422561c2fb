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
	members(t, 3*time.Second, 4, nodes...)
	const requests = 200
	for round := range 3 {
		var wait sync.WaitGroup
		var mu sync.Mutex
		got, slowest := map[string]int{}, time.Duration(0)
		for i := range requests {
			wait.Go(func() {
				r, err := nodes[i%len(nodes)].PostRoom("")
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				got[r.Address]++
				slowest = max(slowest, r.Took)
			})
		}
		wait.Wait()
		t.Logf("round %d: %v, slowest %s", round, got, slowest.Round(time.Millisecond))
		for address, n := range got {
			if n < 45 || n > 55 {
				t.Errorf("round %d: %d rooms at %s, want 50 within ten per cent", round, n, address)
			}
		}
		if len(got) != len(nodes) {
			t.Errorf("round %d: %v", round, got)
		}
	}
}
