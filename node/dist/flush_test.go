package dist

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// numbered is the nth small signal of a sender.
func numbered(sender uint32, n int) Signal {
	return SigSend{From: pid("a@h", sender), To: bob, Message: int64(n)}
}

// hasWriter says whether the writer's goroutine of l is there.
func hasWriter(l *Link) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.queue.running
}

// begun says whether l runs; until then signals only queue.
func begun(l *Link) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.queue.start != nil
}

// TestSmallSignalsNeedNoWriter sends signals, each when the link is quiet: who
// sends them writes them.
func TestSmallSignalsNeedNoWriter(t *testing.T) {
	a, b := loopback(t)
	x, y := pair(t, a, b, fullFlags, LinkOptions{})
	for deadline := time.Now().Add(10 * time.Second); !begun(x.Link); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the link does not run")
		}
	}
	for i := range 5 {
		time.Sleep(time.Millisecond)
		if err := x.Post(numbered(1, i)); err != nil {
			t.Fatal(err)
		}
		if got := x.Stats().MessagesOut; got != uint64(i+1) {
			t.Fatalf("%d signals are out after %d posts", got, i+1)
		}
		y.next(t)
	}
	if hasWriter(x.Link) {
		t.Error("a goroutine writes what needs none")
	}
}

// TestWriterEndsOnQuietLinks sends a large signal, which needs the writer, and
// waits for ticks: after one the writer has gone. It comes back when needed.
func TestWriterEndsOnQuietLinks(t *testing.T) {
	a, b := loopback(t)
	x, y := pair(t, a, b, fullFlags, LinkOptions{TickTime: 2 * time.Second})
	large := SigSend{From: alice, To: bob, Message: make([]byte, 1<<20)}
	if err := x.Send(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	y.next(t)
	deadline := time.Now().Add(10 * time.Second)
	for hasWriter(x.Link) || y.Stats().Ticks == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("writer is there: %v, ticks %d", hasWriter(x.Link), y.Stats().Ticks)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := x.Send(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	y.next(t)
}

// TestFlushesKeepOrder lets senders post and send at various speeds, small and
// large, to a peer that pauses: socket buffers fill and writes end midway.
func TestFlushesKeepOrder(t *testing.T) {
	const senders, each = 6, 1000
	a, b := loopback(t)
	next := map[uint32]int{}
	over := make(chan struct{})
	total := 0
	_, x := pair(t, b, a, fullFlags, LinkOptions{Deliver: func(s Signal) {
		m := s.(SigSend)
		var n int
		switch v := m.Message.(type) {
		case int64:
			n = int(v)
		case etf.Tuple:
			n = int(v[0].(int64))
		}
		if want := next[m.From.ID]; n != want {
			t.Errorf("sender %d: %d, want %d", m.From.ID, n, want)
		}
		next[m.From.ID] = n + 1
		if total++; total%1000 == 0 {
			time.Sleep(20 * time.Millisecond)
		}
		if total == senders*each {
			close(over)
		}
	}})
	var wait sync.WaitGroup
	for id := range uint32(senders) {
		wait.Go(func() {
			for n := range each {
				if err := x.Send(t.Context(), sized(id, n)); err != nil {
					t.Error(err)
					return
				}
				for range id * 20 {
					runtime.Gosched()
				}
			}
		})
	}
	wait.Wait()
	select {
	case <-over:
	case <-time.After(30 * time.Second):
		t.Fatal("not all came")
	}
}

// sized is numbered with a body: most small, some too large to flush, a few in
// fragments.
func sized(id uint32, n int) Signal {
	size := 100
	switch {
	case n%500 == 499:
		size = 300_000
	case n%50 == 49:
		size = 10_000
	}
	return SigSend{From: pid("a@h", id), To: bob, Message: etf.Tuple{int64(n), make([]byte, size)}}
}

// TestFlushIsFinishedByTheWriter fills the socket to a peer that does not read.
// Posts do not block, and all arrives once the peer reads.
func TestFlushIsFinishedByTheWriter(t *testing.T) {
	const count = 200
	a, b := loopback(t)
	hold := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := true
	got := make(chan Signal, count)
	_, x := pair(t, b, a, fullFlags, LinkOptions{Buffer: 64 << 20, Deliver: func(s Signal) {
		if first {
			first = false
			select {
			case <-hold:
			case <-ctx.Done():
			}
		}
		got <- s
	}})
	body := make([]byte, 64<<10)
	for range count / 2 { // 6 MB: more than the sockets take
		if err := x.Post(SigSend{From: alice, To: bob, Message: body}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range count / 2 {
		if err := x.Post(numbered(1, n)); err != nil {
			t.Fatal(err)
		}
	}
	if x.Stats().Queued == 0 {
		t.Error("nothing is queued")
	}
	close(hold)
	for n := range count {
		select {
		case s := <-got:
			if n >= count/2 && s.(SigSend).Message != etf.Term(int64(n-count/2)) {
				t.Fatalf("%v, want %d", s, n-count/2)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d came", n)
		}
	}
}

// TestFlushInPart writes more at once than the socket takes: the rest follows.
func TestFlushInPart(t *testing.T) {
	a, b := loopback(t)
	l := NewLink(a, Local{Name: "a@h"}, Peer{Name: "b@h", Flags: fullFlags}, LinkOptions{})
	defer l.Close(nil)
	defer b.Close()
	chunk := make([]byte, 1<<20)
	for full, tries := 0, 0; full < 10; tries++ {
		if full++; l.out.direct.write(chunk) > 0 {
			full = 0
		}
		if tries > 2000 {
			t.Fatal("the socket is never full")
		}
		time.Sleep(time.Millisecond)
	}
	l.queue.start = func() {}
	if err := l.Post(numbered(1, 7)); err != nil {
		t.Fatal(err)
	}
	if !l.queue.parted || !l.queue.running || l.queue.writing {
		t.Errorf("parted %v, running %v, writing %v", l.queue.parted, l.queue.running, l.queue.writing)
	}
}
