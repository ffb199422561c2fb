package node

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// TestCyclesLeaveNothing connects and disconnects many times: goroutines, file
// descriptors, memory and tables must be as before.
func TestCyclesLeaveNothing(t *testing.T) {
	for name, cycles := range map[string]int{"plain": 1000, "TLS": 200} {
		t.Run(name, func(t *testing.T) {
			var o *TLSOptions
			if name == "TLS" {
				o = newAuthority(t).issue(t, t.TempDir(), leaf{})
			}
			if testing.Short() {
				cycles /= 10
			}
			leaveNothing(t, cycles, withTLS(o))
		})
	}
}

func leaveNothing(t *testing.T, cycles int, tls func(*Options)) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost", tls), l.start(t, "b@localhost", tls)
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
	goroutines, files, memory := runtime.NumGoroutine(), openFiles(t), heap()
	for range cycles {
		cycle()
	}
	within(t, time.Second, "goroutines ended", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	within(t, time.Second, "files closed", func() bool { return openFiles(t) <= files+2 })
	// A few hundred bytes a cycle would show.
	within(t, time.Second, "memory freed", func() bool { return heap() <= memory+cycles*256+(1<<20) })
	for _, n := range []*Node{a, b} {
		within(t, time.Second, n.Name()+" has nothing left", func() bool {
			return linksLeft(n)+guestsLeft(n)+watchedLeft(n)+waiting(n) == 0
		})
	}
}

func linksLeft(n *Node) int {
	n.reg.mu.Lock()
	defer n.reg.mu.Unlock()
	return len(n.reg.slots)
}

func guestsLeft(n *Node) int {
	n.lobby.mu.Lock()
	defer n.lobby.mu.Unlock()
	return n.lobby.guests.Len() + len(n.lobby.count)
}

func watchedLeft(n *Node) int {
	n.relations.Lock()
	defer n.relations.Unlock()
	return len(n.self.watched)
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // no Linux
	}
	return len(entries)
}
