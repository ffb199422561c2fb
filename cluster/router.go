package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
)

// Deadlines of a creation, by default. Whatever members do, Create answers within
// totalLimit, which leaves the HTTP layer a tenth of its 1.5 s.
const (
	usageLimit  = 500 * time.Millisecond
	createLimit = 800 * time.Millisecond
	totalLimit  = 1400 * time.Millisecond
	// localReserve is kept back for a creation on this node when all else has
	// failed; with less than minAttempt before that no other member is tried.
	localReserve = 100 * time.Millisecond
	minAttempt   = 50 * time.Millisecond
)

// deadlines of a creation: for the question for usage, for one attempt on another
// member, and for everything.
type deadlines struct{ usage, create, total time.Duration }

// deadlinesFor gives the question for usage more time, or less. With more, the
// whole may take three times as long, the HTTP layer's share included.
func deadlinesFor(usage time.Duration) deadlines {
	if usage <= 0 {
		usage = usageLimit
	}
	return deadlines{
		usage:  usage,
		create: max(createLimit, usage*8/5),
		total:  max(totalLimit, 3*usage-localReserve),
	}
}

// Router is the rooms of the whole cluster: it creates rooms on the member with
// the least load, and passes other requests on as Routing says.
type Router struct {
	self      string
	node      erlang
	local     *capacity
	routing   Routing
	address   string // FJ_HOST
	limits    deadlines
	watch     *watch
	last      *lastWords
	lost      func([]orphan) // rooms that went with their node
	announced func()         // waits until others will hear of a new room
	members   *members
	inflight  *inflight
	ids       *ids
	custom    *customRooms
	debts     *debts
	dialects  []dialect
	questions questions
	group     *run.Group
	log       *slog.Logger
}

var _ Rooms = (*Router)(nil)

// Create places a room. Config.RoomID "" means a server-made id; then members
// that fail are passed over. room.ErrExists when a client-given id is in use on
// a Fjord member; room.ErrUnreachable when the chosen member did not answer in
// time or nobody is left.
func (r *Router) Create(ctx context.Context, cfg room.Config) (room.Created, error) {
	if r.routing == RouteByID {
		cfg.RoomID = "" // ids name their owner
	}
	asked := r.members.candidates(time.Now())
	if len(asked) == 0 {
		return r.createAlone(ctx, cfg)
	}
	ctx, cancel := context.WithTimeout(ctx, r.limits.total)
	defer cancel()
	if cfg.RoomID == "" {
		return r.place(ctx, cfg, asked, nil)
	}
	if r.local.Has(cfg.RoomID) {
		return room.Created{}, fmt.Errorf("room %s: %w", cfg.RoomID, room.ErrExists)
	}
	return r.createCustom(ctx, cfg, asked)
}

// createAlone is the way of a node without members: nothing but the local call.
func (r *Router) createAlone(ctx context.Context, cfg room.Config) (room.Created, error) {
	r.inflight.fresh.add(time.Now())
	custom := cfg.RoomID != ""
	if !custom {
		cfg.RoomID = r.newID(r.self)
	}
	c, err := r.createHere(ctx, cfg)
	if err == nil && custom {
		r.custom.add(cfg.RoomID)
	}
	return c, err
}

// createHere makes a room of this node; its webhook is known to the cluster
// before its first event. Nobody is told of a room that the others would not
// hear of if this node were killed now.
func (r *Router) createHere(ctx context.Context, cfg room.Config) (room.Created, error) {
	defer r.watch.expect(cfg)()
	c, err := r.local.Create(ctx, cfg)
	if err == nil {
		r.announced()
	}
	return c, err
}

// newID is a server-made id for a room on a node.
func (r *Router) newID(node string) room.ID {
	if r.routing == RouteByID {
		return routedID(node)
	}
	return room.NewID()
}

// createCustom reserves a client-given id while the members are asked for
// their usage.
func (r *Router) createCustom(ctx context.Context, cfg room.Config, asked []candidate) (room.Created, error) {
	type reserved struct {
		r   *reservation
		err error
	}
	done := make(chan reserved, 1) // one value, perhaps after we have gone
	if !r.group.Go("reserve", func(context.Context) error {
		held, err := r.ids.reserve(ctx, cfg.RoomID)
		done <- reserved{held, err}
		return nil
	}) {
		return room.Created{}, room.ErrUnreachable
	}
	wait := func() (*reservation, error) {
		res := <-done // reserve ends with ctx
		return res.r, res.err
	}
	return r.place(ctx, cfg, asked, wait)
}

// place asks for usage and tries members until one has made the room. reserve
// is nil for server-made ids.
func (r *Router) place(ctx context.Context, cfg room.Config, asked []candidate, reserve func() (*reservation, error)) (room.Created, error) {
	r.inflight.begin()
	defer r.inflight.end()
	q, err := r.ask(ctx, asked)
	if q != nil {
		defer r.leave(q)
	}
	var held *reservation
	if reserve != nil {
		var heldErr error
		if held, heldErr = reserve(); heldErr != nil {
			return room.Created{}, heldErr
		}
	}
	p := &placing{Router: r, cfg: cfg, held: held}
	if err != nil { // the client has gone
		p.release("")
		return room.Created{}, fmt.Errorf("create room: %w", err)
	}
	p.view, p.asked, p.loads = q.view, q.asked, q.loads
	return p.tryAll(ctx)
}
