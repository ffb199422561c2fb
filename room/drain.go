package room

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/internal/actor"
)

// Drain has Create refuse new rooms with ErrDraining (or accept them again).
// Rooms that live go on.
func (l *Local) Drain(on bool) { l.draining.Store(on) }

// Draining says whether new rooms are refused.
func (l *Local) Draining() bool { return l.draining.Load() }

// StopAll drains the node and ends all rooms, each with RoomCrashed if
// crashed (what peers of the original see when a node stops), else with
// RoomDeleted. It returns when the last one has ended or, with an error that
// says how many are left, when ctx is done.
func (l *Local) StopAll(ctx context.Context, crashed bool) error {
	l.stopping.Lock()
	defer l.stopping.Unlock()
	reason := actor.ErrNormal
	if crashed {
		reason = actor.ErrShutdown
	}
	l.Drain(true)
	for _, e := range l.endIdle(l.rooms.all(nil), reason) {
		e.discard()
	}
	for l.count.Load() > 0 {
		select {
		case <-l.emptied:
		case <-ctx.Done():
			return fmt.Errorf("stop rooms, %d left: %w", l.count.Load(), ctx.Err())
		}
	}
	return nil
}

// endIdle has the actors of the rooms with peers end, and in one pass ends the
// rest, whose actors it returns: everybody hears of the end of 100,000 rooms
// before as many goroutines have run.
func (l *Local) endIdle(all []*entry, reason error) (rest []*entry) {
	for _, e := range all {
		if e.endIdle(reason) {
			rest = append(rest, e)
		} else {
			e.exit(reason)
		}
	}
	return rest
}

func (l *Local) signalEmpty() {
	select {
	case l.emptied <- struct{}{}:
	default: // one is waiting to be read already
	}
}
