package global

import (
	"slices"
	"time"
)

// timer is something to do later.
type timer struct {
	at  time.Time
	run func()
}

// timers are in the order in which they fire. There are few at a time.
type timers struct{ list []*timer }

func (t *timers) add(at time.Time, run func()) *timer {
	n := &timer{at: at, run: run}
	i := len(t.list)
	for i > 0 && t.list[i-1].at.After(at) {
		i--
	}
	t.list = slices.Insert(t.list, i, n)
	return n
}

// stop takes a timer off; nil and fired ones do no harm.
func (t *timers) stop(n *timer) {
	if i := slices.Index(t.list, n); i >= 0 {
		t.list = slices.Delete(t.list, i, i+1)
	}
}

// due takes the first timer off if its time has come.
func (t *timers) due(now time.Time) *timer {
	if len(t.list) == 0 || t.list[0].at.After(now) {
		return nil
	}
	n := t.list[0]
	t.list = slices.Delete(t.list, 0, 1)
	return n
}

// next is when the first timer fires.
func (t *timers) next() (time.Time, bool) {
	if len(t.list) == 0 {
		return time.Time{}, false
	}
	return t.list[0].at, true
}
