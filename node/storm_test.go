package node

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestSimultaneousConnects lets all nodes dial all others at once, again and
// again. Each pair must end with one link that never flapped.
func TestSimultaneousConnects(t *testing.T) {
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) { storm(t, 8) })
	}
}

// patient gives attempts time on a busy machine.
func patient(o *Options) { o.SetupTime = 30 * time.Second }

func storm(t *testing.T, size int) {
	l := newLab(t)
	var nodes []*Node
	var heard []*recorder
	for i := range size {
		n := l.start(t, fmt.Sprintf("n%d@localhost", i), patient)
		nodes, heard = append(nodes, n), append(heard, record(n))
	}
	begin := make(chan struct{})
	var wait sync.WaitGroup
	for _, n := range nodes {
		for _, to := range nodes {
			if n != to {
				wait.Go(func() {
					<-begin
					if _, err := n.Connect(t.Context(), to.Name()); err != nil {
						t.Errorf("%s: %v", n.Name(), err)
					}
				})
			}
		}
	}
	close(begin)
	wait.Wait()
	within(t, time.Second, "full mesh", func() bool {
		for _, n := range nodes {
			if len(n.Nodes()) != size-1 {
				return false
			}
		}
		return true
	})
	for _, n := range nodes {
		for _, to := range nodes {
			if n != to {
				if err := n.Ping(t.Context(), to.Name()); err != nil {
					t.Error(err)
				}
			}
		}
	}
	checkOneLinkPerPair(t, nodes, heard)
}

func checkOneLinkPerPair(t *testing.T, nodes []*Node, heard []*recorder) {
	t.Helper()
	dialled := map[string]int{}
	for i, n := range nodes {
		ups := map[string]int{}
		for _, e := range heard[i].all() {
			if !e.Up {
				t.Errorf("%s lost %s: %v", n.Name(), e.Node, e.Reason)
				continue
			}
			ups[e.Node]++
			if e.Dialled {
				dialled[min(n.Name(), e.Node)+max(n.Name(), e.Node)]++
			}
		}
		for name, count := range ups {
			if count != 1 {
				t.Errorf("%s had %d links to %s", n.Name(), count, name)
			}
		}
		within(t, time.Second, "handshakes over", func() bool { return n.lobby.size() == 0 })
	}
	if want := len(nodes) * (len(nodes) - 1) / 2; len(dialled) != want {
		t.Errorf("%d pairs, want %d", len(dialled), want)
	}
	for pair, count := range dialled {
		if count != 1 {
			t.Errorf("%s: dialled by %d sides", pair, count)
		}
	}
}

// TestTwoDialEachOther is the storm of one pair, often.
func TestTwoDialEachOther(t *testing.T) {
	l := newLab(t)
	for i := range 30 {
		a := l.start(t, fmt.Sprintf("a%d@localhost", i), patient)
		b := l.start(t, fmt.Sprintf("b%d@localhost", i), patient)
		ra, rb := record(a), record(b)
		var wait sync.WaitGroup
		for _, pair := range [][2]*Node{{a, b}, {b, a}} {
			wait.Go(func() {
				if _, err := pair[0].Connect(t.Context(), pair[1].Name()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		within(t, time.Second, "both up", func() bool { return len(ra.all()) > 0 && len(rb.all()) > 0 })
		checkOneLinkPerPair(t, []*Node{a, b}, []*recorder{ra, rb})
		stop(t, a)
		stop(t, b)
	}
}
