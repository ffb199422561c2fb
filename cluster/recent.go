package cluster

import (
	"sync"
	"time"
)

// recentFor is how long a room counts as new: longer than a burst of creations
// needs to be seen by everybody.
const recentFor = time.Second

// recent counts what happened within recentFor of a moment.
type recent struct {
	// late is how long ago the moment may be: answers of members, which are counted
	// with what was recent when they were given, are used that much later.
	late time.Duration

	mu    sync.Mutex
	times []time.Time
}

func (r *recent) add(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(now)
	r.times = append(r.times, now)
}

// count is how much has happened since recentFor before the moment.
func (r *recent) count(moment time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.times)
	for n > 0 && moment.Sub(r.times[n-1]) < recentFor {
		n--
	}
	return len(r.times) - n
}

func (r *recent) drop(now time.Time) {
	n := 0
	for n < len(r.times) && now.Sub(r.times[n]) >= recentFor+r.late {
		n++
	}
	if r.times = r.times[n:]; len(r.times) == 0 {
		r.times = nil // let go of the memory
	}
}
