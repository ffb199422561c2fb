package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/room"
)

// A burst of 200 creations over four nodes spreads within ±10 %, through
// whichever nodes it enters and however long calls take.
func TestBurstSpreads(t *testing.T) {
	for _, entries := range []int{1, 2, 4} {
		for _, delay := range []time.Duration{time.Millisecond, 20 * time.Millisecond} {
			for _, over := range []time.Duration{0, 100 * time.Millisecond} {
				t.Run(fmt.Sprintf("%d entries, calls of %s, within %s", entries, delay, over), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { burst(t, entries, delay, over) })
				})
			}
		}
	}
}

func burst(t *testing.T, entries int, delay, over time.Duration) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h", "f4@h")
	for _, m := range ms {
		m.hook(func(string) { time.Sleep(rand.N(delay + 1)) })
	}
	done := make(chan error, 200)
	for i := range 200 {
		go func() {
			time.Sleep(rand.N(over + 1))
			_, err := ms[i%entries].router.Create(context.Background(), room.Config{})
			done <- err
		}()
	}
	for range 200 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, m := range ms {
		if n := m.local.count(); n < 45 || n > 55 {
			t.Errorf("%s has %d rooms of 200", m.name, n)
		}
	}
}
