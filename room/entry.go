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
	stop    error // why StopAll ends it; nil: it was not here
	spawned bool  // the actor's Init has run: it can be told to end
	created bool  // RoomCreated is dispatched, or will be in a moment
	told    bool  // RoomCreated was dispatched
	ended   bool
	tracks  int // forwarded tracks, this room's part of the counter
	members map[*member]struct{}

	mediaMu sync.Mutex // held while the media begins
	media   MediaRoom  // nil before the first peer joined
}

// bind notes the actor. ErrDraining when StopAll came first.
func (e *entry) bind(pid actor.PID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stop != nil {
		return ErrDraining
	}
	e.pid = pid
	return nil
}

// run notes that the actor runs. It returns why it is to end at once: StopAll
// came while its Init ran.
func (e *entry) run() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spawned = true
	return e.stop
}

// started publishes the room.
func (e *entry) started(r *Room) {
	e.snap.Store(r)
	e.mu.Lock()
	e.created = true
	e.mu.Unlock()
	e.local.dispatch(RoomCreated{e.id})
	e.mu.Lock()
	e.told = true
	e.mu.Unlock()
}

// discard ends the actor of a room that endIdle has ended.
func (e *entry) discard() {
	e.mu.Lock()
	e.stop = ErrDraining
	pid, spawned := e.pid, e.spawned
	e.mu.Unlock()
	if spawned {
		_ = e.local.system.Discard(pid)
	}
}

// exit ends the actor with reason, has it end when it runs, or has it refuse
// to start.
func (e *entry) exit(reason error) {
	e.mu.Lock()
	e.stop = reason
	pid, spawned := e.pid, e.spawned
	e.mu.Unlock()
	if spawned {
		_ = e.local.system.Exit(pid, reason)
	}
}

// end cleans up after a room, once, whoever learns of it first: the actor's
// Terminate, the watcher of a killed one, or Delete.
func (e *entry) end(reason error) { e.endIf(func() bool { return true }, reason) }

// endIdle ends a room that nobody is in without waiting for its actor, which
// only ends itself from now on.
func (e *entry) endIdle(reason error) bool {
	return e.endIf(func() bool { return e.told && len(e.members) == 0 }, reason)
}

// endIf reports false, and does nothing, when the room has ended or must not;
// may is called with mu held.
func (e *entry) endIf(may func() bool, reason error) bool {
	e.mu.Lock()
	if e.ended || !may() {
		e.mu.Unlock()
		return false
	}
	e.ended = true
	created, tracks, members := e.created, e.tracks, e.members
	e.members = nil
	e.mu.Unlock()

	l := e.local
	for m := range members { // of a killed room; others have let them go
		m.release(closeError, reasonCrashed)
		_ = l.system.Exit(m.pid, actor.ErrNormal) // no actor: it ended already
	}
	e.closeMedia()
	e.snap.Store(nil)
	l.tracks.Add(int64(-tracks))
	if created {
		e.announceEnd(reason)
	}
	l.rooms.remove(e) // last, so that a next room of this id is announced later
	if l.count.Add(-1) == 0 {
		l.signalEmpty()
	}
	return true
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

// join and part keep the members that must be let go when the room is killed.
// join reports false when the room has ended already.
func (e *entry) join(m *member) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return false
	}
	if e.members == nil {
		e.members = map[*member]struct{}{}
	}
	e.members[m] = struct{}{}
	return true
}

func (e *entry) part(m *member) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.members, m)
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

func (e *entry) hasEnded() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended
}

// log writes a line with the room's id, formatted only when it is wanted.
func (e *entry) log(level slog.Level, format string, args ...any) {
	if e.logs(level) {
		e.write(level, fmt.Sprintf(format, args...))
	}
}

// logPeer writes a line with the room's and a peer's id.
func (e *entry) logPeer(level slog.Level, peer, format string, args ...any) {
	if e.logs(level) {
		e.write(level, fmt.Sprintf(format, args...), slog.String("peer_id", peer))
	}
}

func (e *entry) logs(level slog.Level) bool {
	return e.local.logger.Enabled(context.Background(), level)
}

func (e *entry) write(level slog.Level, line string, attrs ...slog.Attr) {
	e.local.logger.LogAttrs(context.Background(), level, line, append([]slog.Attr{slog.String("room_id", string(e.id))}, attrs...)...)
}
