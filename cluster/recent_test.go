package cluster

import (
	"testing"
	"time"
)

// TestRecent counts as of a moment that is as long ago as an answer may take, also
// where FJ_RPC_TIMEOUT gives it more time than usual.
func TestRecent(t *testing.T) {
	for _, late := range []time.Duration{totalLimit, deadlinesFor(5 * time.Second).total} {
		r := &recent{late: late}
		start := time.Now()
		for i := range 10 {
			r.add(start.Add(time.Duration(i) * recentFor / 10))
		}
		asked := start.Add(recentFor)
		r.add(asked.Add(late - time.Millisecond)) // drops what cannot count any more
		if n := r.count(asked); n != 10 {
			t.Errorf("late %s: %d of 10 remembered", late, n)
		}
		r.add(asked.Add(late + recentFor))
		if n := len(r.times); n > 2 {
			t.Errorf("late %s: %d kept for ever", late, n)
		}
	}
}
