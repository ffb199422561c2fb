package node

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/node/dist"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func TestOutboxKeepsOrderAndNeverBlocksPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		o := newOutbox()
		for i := range outboxLimit + 2 {
			o.post(dist.SigUnlinkID{ID: uint64(i)})
		}
		if !o.full() || o.idle() {
			t.Error("an overfull outbox is not full")
		}
		short, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if err := o.settle(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("settled without a sender: %v", err)
		}
		if err := o.room(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("room without a sender: %v", err)
		}
		var next uint64
		go o.run(ctx, func(s dist.Signal) {
			if s.(dist.SigUnlinkID).ID != next {
				t.Errorf("signal %v, want %d", s, next)
			}
			next++
		})
		if err := o.settle(ctx); err != nil || next != outboxLimit+2 {
			t.Errorf("settled after %d: %v", next, err)
		}
		if err := o.room(ctx); err != nil || !o.idle() {
			t.Errorf("room: %v", err)
		}
	})
}

func TestOutboxEndsWithItsLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		o.post(dist.SigUnlinkID{})
		result := make(chan error, 1)
		go func() { result <- o.settle(t.Context()) }()
		synctest.Wait()
		o.close()
		o.close()
		if err := <-result; !errors.Is(err, ErrNoConnection) {
			t.Errorf("settle: %v", err)
		}
		o.post(dist.SigUnlinkID{})
		o.run(t.Context(), func(dist.Signal) { t.Error("sent after the end") })
	})
}

// TestEventsDoNotWaitForever: a subscriber that blocks costs each link a
// second, no more.
func TestEventsDoNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := newEvents()
		done := make(chan struct{})
		go func() {
			_ = e.run(ctx)
			close(done)
		}()
		release := make(chan struct{})
		e.enqueue(ctx, item{sub: &subscriber{fn: func(NodeEvent) { <-release }}})
		begin := time.Now()
		e.enqueue(ctx, item{event: NodeEvent{Node: "a@h", Up: true}})
		if took := time.Since(begin); took != eventWait {
			t.Errorf("waited %s", took)
		}
		close(release)
		cancel()
		<-done
	})
}
