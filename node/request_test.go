package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func TestSendRequest(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	handleSamples(b)
	release := make(chan struct{}, 1)
	given := make(chan error, 1)
	b.Handle("m", "wait", 0, func(ctx context.Context, _ Caller, _ []etf.Term) (etf.Term, error) {
		select {
		case <-release:
			return atom("released"), nil
		case <-ctx.Done():
			given <- ctx.Err()
			return nil, ctx.Err()
		}
	})
	ctx := t.Context()
	requests := []*Request{
		a.SendRequest(ctx, b.Name(), "m", "wait"), a.SendRequest(ctx, b.Name(), "m", "echo", int64(1)),
		a.SendRequest(ctx, b.Name(), "no", "such"), a.SendRequest(ctx, "none@localhost", "m", "echo", int64(1)),
	}
	if v, err := requests[1].Response(ctx); err != nil || v != etf.Term(int64(1)) {
		t.Error(v, err)
	}
	if _, err := requests[2].Response(ctx); !errors.Is(err, ErrUndef) {
		t.Error(err)
	}
	if _, err := requests[3].Response(ctx); !errors.Is(err, ErrNotRegistered) {
		t.Error(err)
	}
	// Waiting in vain does not end the call.
	brief, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := requests[0].Response(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	release <- struct{}{}
	<-requests[0].Done()
	for range 2 {
		if v, err := requests[0].Response(brief); err != nil || v != etf.Term(atom("released")) {
			t.Error(v, err)
		}
	}
	within(t, time.Second, "the first call is over", func() bool { return runningCalls(b) == 0 })
	r := a.SendRequest(ctx, b.Name(), "m", "wait")
	within(t, time.Second, "it runs", func() bool { return runningCalls(b) == 1 })
	r.Abandon()
	if _, err := r.Response(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-given; err == nil {
		t.Error("the function was not told")
	}
	stop(t, a)
	if _, err := a.SendRequest(ctx, b.Name(), "m", "echo", int64(1)).Response(ctx); !errors.Is(err, ErrLeaving) {
		t.Error(err)
	}
}

func TestGenMulticall(t *testing.T) {
	l := newLab(t)
	a, b, c := l.start(t, "a@localhost"), l.start(t, "b@localhost"), l.start(t, "c@localhost")
	startAdder(t, a, "adder")
	startAdder(t, b, "adder")
	peers := []string{a.Name(), "none@localhost", b.Name(), c.Name()}
	got := a.GenMulticall(t.Context(), peers, "adder", int64(5))
	for i, r := range got {
		if r.Node != peers[i] {
			t.Errorf("result %d is of %s", i, r.Node)
		}
	}
	if got[0].Value != etf.Term(int64(6)) || got[2].Value != etf.Term(int64(6)) ||
		!errors.Is(got[1].Err, ErrNotRegistered) || !errors.Is(got[3].Err, ErrNoProc) {
		t.Errorf("results %+v", got)
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := a.GenMulticall(brief, []string{b.Name()}, "adder", atom("silence")); !errors.Is(got[0].Err, context.DeadlineExceeded) {
		t.Errorf("silent server: %+v", got)
	}
}
