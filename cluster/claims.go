package cluster

import (
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

// claimLinger is how long a node still tells arbiters of a room that it has
// had created: longer than an arbiter's question lasts.
const claimLinger = 2 * time.Second

// claims are the client-given ids for which this node has a creation under way
// as the entry node. Arbiters ask all Fjord members for theirs before they
// grant an id, so that an arbiter that takes over from a dead one knows what
// that one granted.
type claims struct {
	has func(room.ID) bool // rooms that live here

	mu     sync.Mutex
	active map[room.ID]*claim
	made   map[room.ID]madeClaim
}

type claim struct {
	token   string
	arbiter string // the node asked to reserve the id
	granted bool
	void    bool // another arbiter decides about the id by now
}

type madeClaim struct {
	owner string
	until time.Time
}

func newClaims(has func(room.ID) bool) *claims {
	return &claims{has: has, active: map[room.ID]*claim{}, made: map[room.ID]madeClaim{}}
}

// begin opens a claim; false when one for the same id is open.
func (c *claims) begin(id room.ID, token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.active[id] != nil {
		return false
	}
	c.active[id] = &claim{token: token}
	return true
}

// ask notes which arbiter is asked now.
func (c *claims) ask(id room.ID, arbiter string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.active[id]; x != nil {
		x.arbiter, x.void = arbiter, false
	}
}

// grant accepts an arbiter's word; false when it came too late: another arbiter
// has asked for the id meanwhile and was told that nobody holds it.
func (c *claims) grant(id room.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.active[id]
	if x == nil || x.void {
		return false
	}
	x.granted = true
	return true
}

// end closes a claim; owner is where the room was made, "" when it was not.
func (c *claims) end(id room.ID, owner string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, id)
	for old, m := range c.made {
		if m.until.Before(now) {
			delete(c.made, old)
		}
	}
	if owner != "" {
		c.made[id] = madeClaim{owner: owner, until: now.Add(claimLinger)}
	}
}

// verdict is a member's answer to an arbiter.
type verdict struct {
	taken bool
	owner string // taken is false: perhaps there, ask it
}

// query answers arbiter, which is about to grant id to token.
func (c *claims) query(id room.ID, token, arbiter string) verdict {
	if c.has(id) {
		return verdict{taken: true}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if x := c.active[id]; x != nil && x.token != token {
		if x.granted {
			return verdict{taken: true}
		}
		if x.arbiter != arbiter {
			x.void = true
		}
	}
	if m, ok := c.made[id]; ok && time.Now().Before(m.until) {
		return verdict{owner: m.owner}
	}
	return verdict{}
}

// customRooms remembers which rooms of this node have client-given ids: only
// those can exist twice after a split.
type customRooms struct {
	has func(room.ID) bool

	mu    sync.Mutex
	ids   map[room.ID]struct{}
	prune int // size at which ended rooms are dropped
}

const customPruneMin = 1024

func newCustomRooms(has func(room.ID) bool) *customRooms {
	return &customRooms{has: has, ids: map[room.ID]struct{}{}, prune: customPruneMin}
}

func (c *customRooms) add(id room.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[id] = struct{}{}
	if len(c.ids) >= c.prune {
		c.sweep()
		c.prune = max(2*len(c.ids), customPruneMin)
	}
}

func (c *customRooms) sweep() {
	for id := range c.ids {
		if !c.has(id) {
			delete(c.ids, id)
		}
	}
}

// list gives the ids of rooms that still live.
func (c *customRooms) list() []room.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep()
	ids := make([]room.ID, 0, len(c.ids))
	for id := range c.ids {
		ids = append(ids, id)
	}
	return ids
}
