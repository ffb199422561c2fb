//go:build bench

package bench

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// samples is how many requests a latency is taken from.
const samples = 2000

// fill creates n rooms over several connections and returns how long it took.
func fill(t *testing.T, f *testkit.Fjord, n int) time.Duration {
	t.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var failed atomic.Value
	var wg sync.WaitGroup
	start := time.Now()
	for range 16 {
		wg.Go(func() {
			for c := newClient(f); left.Add(-1) >= 0; {
				if _, _, err := c.post(); err != nil {
					failed.Store(err.Error())
					return
				}
			}
		})
	}
	wg.Wait()
	if reason := failed.Load(); reason != nil {
		t.Fatal(reason)
	}
	return time.Since(start)
}

// latencies creates rooms one after the other and sorts the times by address.
func latencies(t *testing.T, f *testkit.Fjord, n int) map[string][]time.Duration {
	t.Helper()
	c, by := newClient(f), map[string][]time.Duration{}
	for range n {
		took, body, err := c.post()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(body, `"fishjam_address":"`)
		address, _, _ := strings.Cut(rest, `"`)
		by[address] = append(by[address], took)
	}
	return by
}

func TestBenchRooms(t *testing.T) {
	start := time.Now()
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_HOST": "here", "FJ_LOG_LEVEL": "warning"}})
	for !f.Up() {
		if time.Since(start) > 10*time.Second {
			t.Fatal("the node does not come up")
		}
		time.Sleep(time.Millisecond)
	}
	row("start to first /health", millis(time.Since(start)), "≤ 300 ms (original: 1.7 s)")
	time.Sleep(2 * time.Second)
	idle := rss(t, f.Pid)
	row("idle memory", fmt.Sprintf("%.1f MB", float64(idle)/1e6), "≤ 30 MB (original: 204–215 MB)")

	latencies(t, f, 10)
	present, first := 10, time.Duration(0)
	for _, want := range []int{10, 10_000, 100_000} {
		fill(t, f, max(0, want-present))
		present = max(present, want)
		all := latencies(t, f, samples)["here"]
		present += samples
		p50 := quantile(all, 0.5)
		if first == 0 {
			first = p50
		}
		row(fmt.Sprintf("POST /room, %d rooms present, p50", want), millis(p50), "≤ 0.4 ms (original: 1.7 ms, growing)")
		row(fmt.Sprintf("POST /room, %d rooms present, p99", want), millis(quantile(all, 0.99)), "(original: 3.9 ms, growing)")
		row(fmt.Sprintf("  p50 against that with 10 rooms, %d rooms present", want), fmt.Sprintf("%.2f", float64(p50)/float64(first)), "≤ 1.2")
	}
	time.Sleep(2 * time.Second)
	perRoom := float64(rss(t, f.Pid)-idle) / float64(present)
	row("memory per empty room", fmt.Sprintf("%.1f kB", perRoom/1e3), "≤ 8 kB (original: 80 kB)")
}

func TestBenchOneCore(t *testing.T) {
	testkit.NeedTools(t, "taskset")
	f := testkit.StartFjord(t, testkit.FjordOptions{
		Under: []string{"taskset", "-c", "0"}, Env: map[string]string{"FJ_LOG_LEVEL": "warning"},
	}).WaitUp(t)
	fill(t, f, 1000)
	const n = 20_000
	took := fill(t, f, n)
	row("creations per second, node on one core", fmt.Sprintf("%.0f /s", n/took.Seconds()), "≥ 3,000 /s")
}

func TestBenchThroughAnotherNode(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_LOG_LEVEL"] = "warning"
	a := c.Node(t, "a@localhost", "FJ_HOST", "a").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_HOST", "b", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	latencies(t, a, 200)
	by := latencies(t, a, 2*samples)
	for _, r := range []struct{ where, address, target string }{
		{"two nodes, room on the node asked", "a", ""},
		{"two nodes, room on the other node", "b", "≤ 1 ms (original: 3–8 ms)"},
	} {
		row("POST /room, "+r.where+", p50", millis(quantile(by[r.address], 0.5)), r.target)
		row("POST /room, "+r.where+", p99", millis(quantile(by[r.address], 0.99)), "")
	}
}
