package cluster

import (
	"sync"
	"time"
)

// recentFor is how long a room counts as new: longer than a burst of creations
// needs to be seen by everybody.
const recentFor = time.Second

// recent counts what happened within the last recentFor.
type recent struct {
	mu    sync.Mutex
	times []time.Time
}

func (r *recent) add(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(now)
	r.times = append(r.times, now)
}

func (r *recent) count(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(now)
	return len(r.times)
}

func (r *recent) drop(now time.Time) {
	n := 0
	for n < len(r.times) && now.Sub(r.times[n]) >= recentFor {
		n++
	}
	if r.times = r.times[n:]; len(r.times) == 0 {
		r.times = nil // let go of the memory
	}
}
