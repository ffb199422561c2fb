package cluster

import (
	"context"
	"fmt"
	"sync"

	"github.com/fjord-media/fjord/room"
)

// refusing is the number of forwarded tracks that a member which takes no rooms
// answers with. Elixir nodes know nothing of drains and limits, but they choose
// the least number; this one is the greatest that is a small integer on every
// BEAM.
const refusing = 1<<27 - 1

// Limits of a node; 0: none.
type Limits struct {
	Rooms           int // FJ_MAX_ROOMS
	ForwardedTracks int // FJ_MAX_FORWARDED_TRACKS
}

// capacity is the rooms of this node with a limit. Each room, from the moment at
// which its creation begins, holds a seat, which its last event gives back.
type capacity struct {
	Local
	limits Limits

	mu    sync.Mutex
	seats map[room.ID]int // a room and the next one of its id may overlap
	taken int
}

func newCapacity(local Local, limits Limits) *capacity {
	return &capacity{Local: local, limits: limits, seats: map[room.ID]int{}}
}

// Create makes a room unless the node is draining or full: room.ErrDraining.
func (c *capacity) Create(ctx context.Context, cfg room.Config) (room.Created, error) {
	if cfg.RoomID == "" {
		cfg.RoomID = room.NewID()
	}
	if !c.sit(cfg.RoomID) {
		return room.Created{}, fmt.Errorf("create room %s: the node is full: %w", cfg.RoomID, room.ErrDraining)
	}
	created, err := c.Local.Create(ctx, cfg)
	if err != nil {
		c.rise(cfg.RoomID)
	}
	return created, err
}

// sit takes a seat.
func (c *capacity) sit(id room.ID) bool {
	if c.limits == (Limits{}) {
		return true
	}
	if c.limits.ForwardedTracks > 0 && c.Local.Usage().ForwardedTracks >= c.limits.ForwardedTracks {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limits.Rooms > 0 && c.taken >= c.limits.Rooms {
		return false
	}
	c.taken++
	c.seats[id]++
	return true
}

// rise gives the seat of a room back.
func (c *capacity) rise(id room.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch n := c.seats[id]; n {
	case 0:
		return
	case 1:
		delete(c.seats, id)
	default:
		c.seats[id] = n - 1
	}
	c.taken--
}

// note takes an event of a local room.
func (c *capacity) note(e room.Event) {
	switch e.(type) {
	case room.RoomDeleted, room.RoomCrashed:
		c.rise(e.Room())
	}
}

// refuses says whether the node takes no new rooms at present.
func (c *capacity) refuses() bool {
	if c.Draining() {
		return true
	}
	if c.limits.ForwardedTracks > 0 && c.Local.Usage().ForwardedTracks >= c.limits.ForwardedTracks {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limits.Rooms > 0 && c.taken >= c.limits.Rooms
}

// offer is the usage that other members are told.
func (c *capacity) offer() room.Usage {
	u := c.Local.Usage()
	if c.refuses() {
		u.ForwardedTracks = refusing
	}
	return u
}
