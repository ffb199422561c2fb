//go:build bench

package bench

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
)

// TestBenchMesh makes a full mesh of 100 nodes in this process: 4,950 links.
func TestBenchMesh(t *testing.T) {
	const size = 100
	port := int(mapper.Start(t).Port())
	before := memory()
	var nodes []*node.Node
	for i := range size {
		nodes = append(nodes, startNode(t, fmt.Sprintf("n%d@localhost", i), port, func(o *node.Options) {
			o.NetTickTime, o.SetupTime = 20*time.Second, time.Minute
		}))
	}
	start := time.Now()
	var wait sync.WaitGroup
	for i, n := range nodes {
		wait.Go(func() {
			for _, to := range nodes[i+1:] {
				if _, err := n.Connect(t.Context(), to.Name()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, n := range nodes {
		for len(n.Nodes()) < size-1 {
			if time.Since(start) > 2*time.Minute {
				t.Fatalf("%s has %d links", n.Name(), len(n.Nodes()))
			}
			time.Sleep(time.Millisecond)
		}
	}
	row("100 nodes, full mesh of 4,950 links", fmt.Sprintf("%.2f s", time.Since(start).Seconds()), "≤ 15 s; one EPMD look-up, two MD5 and 7 handshake messages each")
	time.Sleep(8 * time.Second) // over a tick: buffers are given back
	each := float64(memory()-before) / size
	row("memory of an idle node with 99 links", fmt.Sprintf("%.2f MB", each/1e6),
		fmt.Sprintf("≤ 1 MB; %.1f kB per end of a link: the stack of its goroutine is half of it", each/1e3/(size-1)))
}

// memory is what heap and stacks hold.
func memory() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
