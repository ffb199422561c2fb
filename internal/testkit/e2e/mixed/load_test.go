//go:build e2e

package mixed

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// load posts rooms from several workers until it is stopped.
type load struct {
	stop chan struct{}
	wait sync.WaitGroup

	mu      sync.Mutex
	targets []*testkit.Fjord
	using   map[*testkit.Fjord]int
	next    int
	rooms   map[string]int // by address
	made    int
	failed  []string
	slowest time.Duration
}

// startLoad begins to post through the targets in turn.
func startLoad(t testing.TB, workers int, pause time.Duration, targets ...*testkit.Fjord) *load {
	t.Helper()
	l := &load{stop: make(chan struct{}), targets: targets, using: map[*testkit.Fjord]int{}, rooms: map[string]int{}}
	for range workers {
		l.wait.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				case <-time.After(pause):
					l.post()
				}
			}
		})
	}
	t.Cleanup(func() { l.end() })
	return l
}

func (l *load) post() {
	l.mu.Lock()
	f := l.targets[l.next%len(l.targets)]
	l.next++
	l.using[f]++
	l.mu.Unlock()
	begin := time.Now()
	room, err := f.PostRoom("")
	took := time.Since(begin)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.using[f]--
	l.slowest = max(l.slowest, took)
	if err != nil {
		l.failed = append(l.failed, fmt.Sprintf("%s after %s: %v", f.Name, took.Round(time.Millisecond), err))
		return
	}
	l.made++
	l.rooms[room.Address]++
}

// add puts a node among the targets.
func (l *load) add(f *testkit.Fjord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets = append(l.targets, f)
}

// remove takes a node from the targets and waits for the requests it has in
// hand, as a load balancer does.
func (l *load) remove(t testing.TB, f *testkit.Fjord) {
	t.Helper()
	l.mu.Lock()
	var rest []*testkit.Fjord
	for _, x := range l.targets {
		if x != f {
			rest = append(rest, x)
		}
	}
	l.targets = rest
	l.mu.Unlock()
	testkit.Within(t, 3*time.Second, f.Name+" has answered its requests", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.using[f] == 0
	})
}

// end stops the load and waits for the last requests.
func (l *load) end() {
	l.mu.Lock()
	select {
	case <-l.stop:
	default:
		close(l.stop)
	}
	l.mu.Unlock()
	l.wait.Wait()
}

// created is how many rooms were made at an address so far.
func (l *load) created(address string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rooms[address]
}

// check ends the load: no request may have failed, none may have taken far
// longer than the limit.
func (l *load) check(t testing.TB) {
	t.Helper()
	l.end()
	t.Logf("%d rooms, slowest answer after %s (limit %s), %v", l.made, l.slowest.Round(time.Millisecond), answerLimit, l.rooms)
	for _, f := range l.failed {
		t.Errorf("failed: %s", f)
	}
	if l.slowest > testkit.Slack*answerLimit {
		t.Errorf("a request took %s", l.slowest)
	}
	if l.made == 0 {
		t.Error("no room was made")
	}
}
