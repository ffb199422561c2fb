package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPatience checks that a send ends after DefaultTimeout of waiting, or with
// its caller, and starts no timer when it does not wait.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPatience(t.Context())
		time.Sleep(time.Minute) // encodes, say
		if err := p.Err(); err != nil {
			t.Errorf("ends before anybody waits: %v", err)
		}
		start := time.Now()
		<-p.Done()
		if took := time.Since(start); took != DefaultTimeout {
			t.Errorf("waited %s", took)
		}
		if err := context.Cause(p); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended by %v", err)
		}
		p.end()
	})
}

func TestPatienceOfCaller(t *testing.T) {
	gaveUp := errors.New("gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gaveUp)
	p := newPatience(ctx)
	if err := p.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-p.Done()
	if err := context.Cause(p); err != gaveUp {
		t.Errorf("cause %v", err)
	}
	p.end()

	deadline := time.Now().Add(time.Hour)
	ctx, cancelTimed := context.WithDeadline(t.Context(), deadline)
	defer cancelTimed()
	p = newPatience(ctx)
	if d, ok := p.Deadline(); !ok || !d.Equal(deadline) {
		t.Errorf("deadline %v", d)
	}
	p.end()
	if err := ctx.Err(); err != nil {
		t.Errorf("ends its caller's context: %v", err)
	}
}

// TestPatienceTakesNoTimer counts what a link with room costs a sender before its
// message is encoded: a timer alone would be more.
func TestPatienceTakesNoTimer(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	mustConnect(t, near, far.Name())
	link := near.reg.up(far.Name())
	allocs := testing.AllocsPerRun(1000, func() {
		patient := newPatience(t.Context())
		defer patient.end()
		if err := link.out.settle(patient); err != nil {
			t.Error(err)
		}
	})
	if allocs > 1 {
		t.Errorf("%v allocations", allocs)
	}
}
