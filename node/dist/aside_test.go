package dist

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// asideLink is a link whose Deliver is given the receiving end, and the one that
// sends to it. over is closed when the receiver has ended, which it must do once.
func asideLink(t *testing.T, deliver func(l *Link, n int64)) (send func(n int64), over chan struct{}) {
	t.Helper()
	x, y := loopback(t)
	sender := NewLink(x, localA, Peer{Flags: DefaultFlags}, LinkOptions{})
	var receiver *Link
	receiver = NewLink(y, localB, Peer{Flags: DefaultFlags}, LinkOptions{Deliver: func(s Signal) {
		deliver(receiver, s.(SigSend).Message.(int64))
	}})
	over = make(chan struct{})
	ended := make(chan struct{})
	go func() { _ = sender.Run(context.Background()); close(ended) }()
	go func() { _ = receiver.Run(context.Background()); close(over) }()
	t.Cleanup(func() {
		sender.Close(nil)
		<-ended
		<-over
	})
	return func(n int64) {
		if err := sender.Send(t.Context(), SigSend{From: alice, To: bob, Message: n}); err != nil {
			t.Error(err)
		}
	}, over
}

func soon(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatal(what)
	}
}

// TestAsideBlocks lets functions wait for what comes after them on the same link.
func TestAsideBlocks(t *testing.T) {
	const n = 20
	var came [n + 1]chan struct{}
	for i := range came {
		came[i] = make(chan struct{})
	}
	var waited atomic.Int64
	send, _ := asideLink(t, func(l *Link, i int64) {
		close(came[i])
		if i < n {
			l.Aside(func() {
				<-came[i+1]
				waited.Add(1)
			})
		}
	})
	for i := range came {
		send(int64(i))
	}
	soon(t, "a function keeps the link from being read", came[n])
	for deadline := time.Now().Add(10 * time.Second); waited.Load() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d functions ended", waited.Load(), n)
		}
	}
}

// TestAsideReturns checks that functions which return are all called, and that no
// goroutine is left over.
func TestAsideReturns(t *testing.T) {
	const n = 20_000
	var called atomic.Int64
	done := make(chan struct{})
	send, _ := asideLink(t, func(l *Link, i int64) {
		l.Aside(func() {
			if called.Add(1) == n {
				close(done)
			}
		})
	})
	send(0)
	for called.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	before := runtime.NumGoroutine()
	for range n - 1 {
		send(1)
	}
	soon(t, "not all functions were called", done)
	// One more: the writer's.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestAsideEnds lets functions end their goroutine; the link is read all the same.
func TestAsideEnds(t *testing.T) {
	for name, end := range map[string]func(){"Goexit": runtime.Goexit, "panic": func() { panic("on purpose") }} {
		t.Run(name, func(t *testing.T) {
			last := make(chan struct{})
			send, _ := asideLink(t, func(l *Link, i int64) {
				if i == 3 {
					close(last)
					return
				}
				l.Aside(end)
			})
			for i := range int64(4) {
				send(i)
			}
			soon(t, "nobody reads", last)
		})
	}
}

// TestAsideAtTheEnd closes a link while a function runs.
func TestAsideAtTheEnd(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	var receiver atomic.Pointer[Link]
	send, over := asideLink(t, func(l *Link, _ int64) {
		receiver.Store(l)
		l.Aside(func() {
			close(began)
			<-release
		})
	})
	send(1)
	soon(t, "not begun", began)
	receiver.Load().Close(nil)
	go func() {
		time.Sleep(20 * asideLimit)
		close(release)
	}()
	soon(t, "the link does not end", over)
}
