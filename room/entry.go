package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/fjord-media/fjord/internal/actor"
)

// entry is what the node knows of a room without asking its actor. It is
// there from the moment the id is taken until the room has ended.
type entry struct {
	local *Local
	id    ID
	snap  atomic.Pointer[Room] // published by the actor, never changed; nil before and after

	mu      sync.Mutex
	pid     actor.PID
	stop    bool // StopAll was here
	created bool // RoomCreated was dispatched
	ended   bool
	tracks  int // forwarded tracks, this room's part of the counter
}

// bind notes the actor. ErrDraining when StopAll came first.
func (e *entry) bind(pid actor.PID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stop {
		return ErrDraining
	}
	e.pid = pid
	return nil
}

// started publishes the room.
func (e *entry) started(r *Room) {
	e.snap.Store(r)
	e.mu.Lock()
	e.created = true
	e.mu.Unlock()
	e.local.dispatch(RoomCreated{e.id})
}

// exit ends the actor with reason, or has it refuse to start.
func (e *entry) exit(reason error) {
	e.mu.Lock()
	e.stop = true
	pid := e.pid
	e.mu.Unlock()
	if !pid.IsZero() {
		_ = e.local.system.Exit(pid, reason)
	}
}

// end cleans up after a room, once, whoever learns of it first: the actor's
// Terminate, the watcher of a killed one, or Delete.
func (e *entry) end(reason error) {
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return
	}
	e.ended = true
	created, tracks := e.created, e.tracks
	e.mu.Unlock()

	l := e.local
	e.snap.Store(nil)
	l.tracks.Add(int64(-tracks))
	if created {
		e.announceEnd(reason)
	}
	l.rooms.remove(e) // last, so that a next room of this id is announced later
	if l.count.Add(-1) == 0 {
		l.signalEmpty()
	}
}

func (e *entry) announceEnd(reason error) {
	if errors.Is(reason, actor.ErrNormal) {
		e.local.dispatch(RoomDeleted{e.id})
		return
	}
	level := slog.LevelWarn
	if errors.Is(reason, actor.ErrShutdown) {
		level = slog.LevelDebug // the node stops: one line per room says nothing
	}
	e.log(level, "Process %s is down with reason: %s", e.id, reason)
	e.local.dispatch(RoomCrashed{e.id, reason})
}

func (e *entry) actor() actor.PID {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pid
}

// addTracks counts delta forwarded tracks of this room, while it lives.
func (e *entry) addTracks(delta int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ended {
		e.tracks += delta
		e.local.tracks.Add(int64(delta))
	}
}

// log writes a line with the room's id, formatted only when it is wanted.
func (e *entry) log(level slog.Level, format string, args ...any) {
	ctx := context.Background()
	if !e.local.logger.Enabled(ctx, level) {
		return
	}
	e.local.logger.LogAttrs(ctx, level, fmt.Sprintf(format, args...), slog.String("room_id", string(e.id)))
}
