package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
)

// Deadlines of a creation. Whatever members do, Create answers within
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

// Router is the room.Service of the whole cluster: it creates rooms on the
// member with the least load. All other operations concern the rooms of this
// node only, as in Fishjam 0.6.3.
type Router struct {
	self      string
	node      erlang
	local     Local
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

var _ room.Service = (*Router)(nil)

// Create places a room. Config.RoomID "" means a server-made id; then members
// that fail are passed over. room.ErrExists when a client-given id is in use on
// a Fjord member; room.ErrUnreachable when the chosen member did not answer in
// time or nobody is left.
func (r *Router) Create(ctx context.Context, cfg room.Config) (room.Created, error) {
	asked := r.members.candidates(time.Now())
	if len(asked) == 0 {
		return r.createAlone(ctx, cfg)
	}
	ctx, cancel := context.WithTimeout(ctx, totalLimit)
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
	c, err := r.local.Create(ctx, cfg)
	if err == nil && cfg.RoomID != "" {
		r.custom.add(cfg.RoomID)
	}
	return c, err
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

// Get reads a room of this node.
func (r *Router) Get(ctx context.Context, id room.ID) (room.Room, error) { return r.local.Get(ctx, id) }

// List reads all rooms of this node.
func (r *Router) List(ctx context.Context) ([]room.Room, error) { return r.local.List(ctx) }

// Delete ends a room of this node.
func (r *Router) Delete(ctx context.Context, id room.ID) error { return r.local.Delete(ctx, id) }
