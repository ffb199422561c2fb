package node

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func TestHabit(t *testing.T) {
	var h habit
	calls := func(n int, d time.Duration) {
		for range n {
			h.took(d, h.claim())
		}
	}
	calls(promptsMake-1, time.Microsecond)
	if h.claim() {
		t.Error("a habit too soon")
	}
	calls(1, time.Microsecond)
	if !h.claim() {
		t.Fatal("no habit")
	}
	if h.claim() {
		t.Error("claimed twice at a time")
	}
	h.took(time.Microsecond, true)
	if !h.claim() {
		t.Error("the habit is not kept")
	}
	h.took(promptWithin, true)
	calls(promptsMake-1, time.Microsecond)
	if h.claim() {
		t.Error("a slow call does not count")
	}
	calls(1, time.Microsecond)
	calls(1, blocksFrom)
	calls(blockCosts+promptsMake-1, time.Microsecond)
	if h.claim() {
		t.Error("forgotten that it blocked")
	}
	calls(1, time.Microsecond)
	if !h.claim() {
		t.Error("never forgotten that it blocked")
	}
}

// TestPromptFunctionBlocks lets a function that has always answered at once wait for
// another call over the same link.
func TestPromptFunctionBlocks(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	mustConnect(t, near, far.Name())
	open := make(chan struct{})
	far.Handle("m", "f", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
		switch args[0] {
		case atom("wait"):
			<-open
		case atom("end"):
			runtime.Goexit()
		}
		return args[0], nil
	})
	far.Handle("m", "open", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) {
		close(open)
		return atom("ok"), nil
	})
	fn := far.functions.find(mfa{"m", "f", 1})
	call := func(arg string) (etf.Term, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return near.Call(ctx, far.Name(), "m", "f", atom(arg))
	}
	for ends := range 2 {
		within(t, 10*time.Second, "the habit", func() bool {
			if v, err := call("x"); err != nil || v != etf.Term(atom("x")) {
				t.Fatal(v, err)
			}
			return fn.prompts.Load() == promptsMake
		})
		if ends == 0 {
			_, err := call("end")
			var remote *RemoteError
			if !errors.As(err, &remote) || remote.Reason != etf.Term(atomGoExit) {
				t.Fatalf("a function that ends its goroutine: %v", err)
			}
		}
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := call("wait")
		waiting <- err
	}()
	within(t, 10*time.Second, "the claim", func() bool { return fn.prompts.Load() != promptsMake })
	if _, err := near.Call(t.Context(), far.Name(), "m", "open"); err != nil {
		t.Fatalf("the link is not read: %v", err)
	}
	if err := <-waiting; err != nil {
		t.Fatal(err)
	}
	if fn.prompts.Load() > 0 {
		t.Error("still taken for one that returns at once")
	}
}
