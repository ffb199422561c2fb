package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

// Registered names of the supervisors.
const (
	treeName           = "rooms"
	supervisorName     = "room.supervisor"
	peerSupervisorName = "peer.supervisor"
)

// callTimeout bounds operations on a room, as in the original.
const callTimeout = 5 * time.Second

// LocalOptions configure the rooms of this node.
type LocalOptions struct {
	Address string        // FJ_HOST, told to those who create rooms
	System  *actor.System // where the room supervisor runs
	Logger  *slog.Logger  // nil: nowhere
	// Events is called in order for each event of a room, in that room's
	// goroutine. It must not block and must not call the Local. nil: nobody
	// wants them.
	Events func(Event)
	// Media carries the peers' media. nil: peers can be added but not join.
	Media Media
	// PeersDisabled refuses all peers (FJ_WEBRTC_USED=false).
	PeersDisabled bool
}

// Local is the rooms of this node; it implements Service. Each room is an
// actor; the room supervisor starts and ends them, and restarts none.
type Local struct {
	address string
	system  *actor.System
	logger  *slog.Logger
	events  func(Event)
	media   Media // nil: none
	noPeers bool

	rooms    *registry
	count    atomic.Int64 // rooms, those being created included
	tracks   atomic.Int64 // forwarded tracks of all rooms
	draining atomic.Bool

	stopping sync.Mutex    // held by StopAll
	emptied  chan struct{} // gets a value when count falls to 0
}

var (
	_ Service          = (*Local)(nil)
	_ PeerService      = (*Local)(nil)
	_ ComponentService = (*Local)(nil)
)

// NewLocal makes it. SupervisorSpec is to be put in the application's tree
// before use.
func NewLocal(opts LocalOptions) *Local {
	l := &Local{
		address: opts.Address,
		system:  opts.System,
		logger:  opts.Logger,
		events:  opts.Events,
		media:   opts.Media,
		noPeers: opts.PeersDisabled,
		rooms:   newRegistry(),
		emptied: make(chan struct{}, 1),
	}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if l.events == nil {
		l.events = func(Event) {}
	}
	return l
}

func (l *Local) dispatch(e Event) { l.events(e) }

// newcomer is what the room supervisor makes a room of.
type newcomer struct {
	entry  *entry
	config Config
}

// SupervisorSpec is the tree of all rooms: a supervisor of rooms and one of
// peers, both dynamic with temporary children. A room ends its peers; a peer
// that crashes ends alone.
func (l *Local) SupervisorSpec() actor.Spec {
	peers := children(peerSupervisorName, func(m *member) actor.Behaviour { return &peerActor{member: m} })
	rooms := children(supervisorName, func(n newcomer) actor.Behaviour { return newRoomActor(n.entry, n.config) })
	return actor.Spec{
		Name: treeName, Restart: actor.Permanent,
		Children: []actor.Child{{Nested: &peers}, {Nested: &rooms}}, // rooms, the last, end first
	}
}

func children[T any](name string, start func(T) actor.Behaviour) actor.Spec {
	return actor.Spec{
		Name: name, Dynamic: true, Restart: actor.Temporary,
		Children: []actor.Child{{Start: func(arg any) actor.Behaviour {
			if v, ok := arg.(T); ok {
				return start(v)
			}
			return nil // refused by the façade
		}}},
	}
}

// Create starts a room on this node. It trusts the texts of cfg (the HTTP
// layer checks them). ErrExists, ErrDraining, or that the room supervisor
// does not run (actor.ErrNoActor). RoomCreated is dispatched before it
// returns.
func (l *Local) Create(ctx context.Context, cfg Config) (Created, error) {
	if err := ctx.Err(); err != nil {
		return Created{}, fmt.Errorf("create room: %w", err)
	}
	if cfg.RoomID == "" {
		cfg.RoomID = NewID()
	}
	e := &entry{local: l, id: cfg.RoomID}
	if err := l.admit(e); err != nil {
		return Created{}, fmt.Errorf("create room %s: %w", e.id, err)
	}
	if err := l.start(e, cfg); err != nil {
		return Created{}, fmt.Errorf("create room %s: %w", e.id, err)
	}
	e.log(slog.LevelInfo, "Created room %q", string(e.id))
	return Created{Room: Room{ID: e.id, Config: cfg}, Address: l.address}, nil
}

// admit takes the id. It looks at draining after that, so that StopAll finds
// every room that is not refused.
func (l *Local) admit(e *entry) error {
	if l.draining.Load() {
		return ErrDraining
	}
	if !l.rooms.add(e) {
		return ErrExists
	}
	l.count.Add(1)
	if l.draining.Load() {
		e.end(ErrDraining)
		return ErrDraining
	}
	return nil
}

func (l *Local) start(e *entry, cfg Config) error {
	pid, err := l.system.StartChild(supervisorName, newcomer{e, cfg})
	if err != nil {
		e.end(err)
		return err
	}
	if err := l.system.Watch(pid, e.end); err != nil {
		e.end(actor.ErrKilled) // no news if Terminate has run
	}
	if reason := e.run(); reason != nil {
		_ = l.system.Exit(pid, reason) // no actor: it has ended
	}
	return nil
}

// Get returns the room's latest snapshot; it never waits for the room.
// ErrNotFound. The snapshot must not be changed.
func (l *Local) Get(_ context.Context, id ID) (Room, error) {
	if e, ok := l.rooms.get(id); ok {
		if r := e.snap.Load(); r != nil {
			return *r, nil
		}
	}
	return Room{}, fmt.Errorf("room %s: %w", id, ErrNotFound)
}

// List returns snapshots of all rooms, in no order.
func (l *Local) List(context.Context) ([]Room, error) {
	entries := l.rooms.all(make([]*entry, 0, l.count.Load()))
	rooms := make([]Room, 0, len(entries))
	for _, e := range entries {
		if r := e.snap.Load(); r != nil {
			rooms = append(rooms, *r)
		}
	}
	return rooms, nil
}

// Delete ends a room and waits, at most 5 s, until it has: RoomDeleted was
// dispatched and the id is free when it returns. ErrNotFound, also for all
// but one of several deletions at once.
func (l *Local) Delete(ctx context.Context, id ID) error {
	e, ok := l.rooms.get(id)
	if !ok || e.snap.Load() == nil {
		return fmt.Errorf("room %s: %w", id, ErrNotFound)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request := &remove{}
	_, err := l.system.Call(ctx, e.actor(), request)
	switch {
	case ctx.Err() != nil && !errors.Is(err, actor.ErrNormal):
		return fmt.Errorf("delete room %s: %w", id, err)
	case errors.Is(err, actor.ErrNormal) && request.done:
		e.log(slog.LevelInfo, "Deleted room %q", string(id))
		return nil
	case actor.Crashed(err) && !errors.Is(err, actor.ErrNoActor):
		e.end(err) // its watcher would tell a moment later
	}
	return fmt.Errorf("room %s: %w", id, ErrNotFound)
}

// Has says whether the room lives here or is being created, without asking
// its actor.
func (l *Local) Has(id ID) bool {
	_, ok := l.rooms.get(id)
	return ok
}

// Usage reads counters; it costs the same whatever the number of rooms.
func (l *Local) Usage() Usage {
	return Usage{ForwardedTracks: int(l.tracks.Load()), Rooms: int(l.count.Load())}
}

// AddForwardedTracks counts delta more (or fewer) forwarded tracks in a room.
// What a room has counted is taken back when it ends.
func (l *Local) AddForwardedTracks(id ID, delta int) {
	if e, ok := l.rooms.get(id); ok {
		e.addTracks(delta)
	}
}
