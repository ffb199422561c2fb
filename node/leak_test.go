package node

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// TestCyclesLeaveNothing connects and disconnects many times: goroutines, file
// descriptors and tables must be as before.
func TestCyclesLeaveNothing(t *testing.T) {
	cycles := 1000
	if testing.Short() {
		cycles = 100
	}
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	cycle := func() {
		mustConnect(t, a, b.Name())
		up := a.reg.up(b.Name())
		if up == nil {
			t.Fatal("no link")
		}
		up.close(ErrReplaced)
		<-up.gone
		within(t, time.Second, "gone on the other side", func() bool {
			b.reg.mu.Lock()
			defer b.reg.mu.Unlock()
			return len(b.reg.slots) == 0
		})
	}
	for range 10 {
		cycle()
	}
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range cycles {
		cycle()
	}
	within(t, time.Second, "goroutines ended", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	within(t, time.Second, "files closed", func() bool { return openFiles(t) <= files+2 })
	for _, n := range []*Node{a, b} {
		if len(n.reg.slots)+n.lobby.size()+len(n.self.watched)+len(n.waiters.calls)+len(n.lobby.count) != 0 {
			t.Errorf("%s has something left", n.Name())
		}
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // no Linux
	}
	return len(entries)
}
