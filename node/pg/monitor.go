package pg

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/feed"
)

// monitorQueue is how many events may wait for a monitor's function.
const monitorQueue = 1 << 16

// Event tells of processes that joined or left a group.
type Event struct {
	Group  etf.Term
	Joined bool // they joined; false: they left
	Pids   []etf.Pid
	// Err is ErrSlow in the last event of a monitor that was cut off; the rest is
	// empty then.
	Err error
}

// Monitor calls a function for each event, in order, on a goroutine of its own.
type Monitor struct {
	scope *Scope
	key   string
	all   bool
	feed  *feed.Feed[Event]
}

// Monitor calls fn for what joins and leaves a group from now on, and returns
// who is in it now: pg:monitor. fn may block, but when 65,536 events wait for it
// the monitor is cut off: fn gets what waits, and then Event.Err. A panic of fn
// ends the monitor.
//
// Errors: ErrBadGroup, ErrStopped.
func (s *Scope) Monitor(name etf.Term, fn func(Event)) (members []etf.Pid, m *Monitor, err error) {
	key, err := keyOf(name)
	if err != nil {
		return nil, nil, fmt.Errorf("monitor %s in %s: %w", etf.String(name), s.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, err = s.monitor(&Monitor{scope: s, key: key}, fn); err != nil {
		return nil, nil, err
	}
	if g := s.groups[key]; g != nil {
		members = g.all()
	}
	return members, m, nil
}

// MonitorAll is Monitor for all groups: pg:monitor_scope.
func (s *Scope) MonitorAll(fn func(Event)) (groups []Group, m *Monitor, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, err = s.monitor(&Monitor{scope: s, all: true}, fn); err != nil {
		return nil, nil, err
	}
	return s.snapshot(), m, nil
}

// monitor starts a monitor. Call with mu held.
func (s *Scope) monitor(m *Monitor, fn func(Event)) (*Monitor, error) {
	if s.stopped {
		return nil, fmt.Errorf("monitor in %s: %w", s.name, ErrStopped)
	}
	m.feed = feed.Start(s.run, feed.Options[Event]{
		Name: "monitor", Items: monitorQueue, Full: ErrSlow,
		Handle: func(_ context.Context, e Event) { fn(e) },
		End: func(err error) {
			m.Cancel()
			s.log.Warn("a monitor of pg groups was cut off", "scope", s.name, "error", err)
			if !errors.Is(err, feed.ErrPanicked) {
				fn(Event{Err: err})
			}
		},
	})
	s.monitors[m] = struct{}{}
	return m, nil
}

// Cancel ends the monitor: its function is not called any more, unless it runs
// now.
func (m *Monitor) Cancel() {
	m.scope.mu.Lock()
	delete(m.scope.monitors, m)
	m.scope.mu.Unlock()
	m.feed.Abort()
}

// tell tells all monitors of a change. Call with mu held.
func (s *Scope) tell(g *group, joined bool, pids []etf.Pid) {
	if len(pids) == 0 {
		return
	}
	what := atomLeave
	if joined {
		what = atomJoin
	}
	s.tellObservers(g, what, pids)
	for m := range s.monitors {
		if !m.all && m.key != g.key {
			continue
		}
		if m.feed.Push(Event{Group: g.term, Joined: joined, Pids: slices.Clone(pids)}, 0) != nil {
			delete(s.monitors, m)
		}
	}
}
