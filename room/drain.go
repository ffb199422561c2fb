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
	for _, e := range l.rooms.all(nil) {
		e.exit(reason)
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

func (l *Local) signalEmpty() {
	select {
	case l.emptied <- struct{}{}:
	default: // one is waiting to be read already
	}
}
