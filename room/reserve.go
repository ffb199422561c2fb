package room

import (
	"fmt"
	"sync"
	"time"
)

// Defaults of Reservations.
const (
	// Lease is how long an id stays reserved.
	Lease = 10 * time.Second
	// MaxReservations is how many ids can be reserved at once.
	MaxReservations = 65536
)

// Reservations is the memory of the member that arbitrates room ids: an id is
// reserved for a lease while its room is being placed somewhere. Leases that
// ran out are dropped at the next call; there is no goroutine.
type Reservations struct {
	live  func(ID) bool
	lease time.Duration
	max   int

	mu   sync.Mutex
	byID map[ID]*reservation
	// first and last are the ends of a list in the order in which leases run
	// out, which is that in which they were made, as all last equally long.
	first, last *reservation
}

type reservation struct {
	id        ID
	token     string
	until     time.Time
	committed bool
	prev      *reservation
	next      *reservation
}

// NewReservations makes an empty one with the default lease and bound. live
// says whether a room with an id exists; it must not block.
func NewReservations(live func(ID) bool) *Reservations {
	return &Reservations{live: live, lease: Lease, max: MaxReservations, byID: map[ID]*reservation{}}
}

// Reserve takes id for one lease on behalf of token, which tells the creations
// apart. The same token may call again, which renews its lease. ErrExists
// when a live room, another token or a committed creation holds the id;
// ErrReservations when too many are reserved.
func (r *Reservations) Reserve(id ID, token string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.expire(now)
	old, held := r.byID[id]
	switch {
	case held && (old.token != token || old.committed), r.live(id):
		return fmt.Errorf("reserve room %s: %w", id, ErrExists)
	case held:
		r.drop(old)
	case len(r.byID) >= r.max:
		return fmt.Errorf("reserve room %s: %w", id, ErrReservations)
	}
	r.append(&reservation{id: id, token: token, until: now.Add(r.lease)})
	return nil
}

// Release gives up what token reserved or committed: its room was not created
// or is gone again. It reports false when token does not hold the id.
func (r *Reservations) Release(id ID, token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	held, ok := r.byID[id]
	if !ok || held.token != token {
		return false
	}
	r.drop(held)
	return true
}

// Commit says that the room was created. The id stays taken for one more
// lease, in which live has to learn of the room. It reports false when token
// does not hold the id any more.
func (r *Reservations) Commit(id ID, token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.expire(now)
	held, ok := r.byID[id]
	if !ok || held.token != token {
		return false
	}
	r.drop(held)
	r.append(&reservation{id: id, token: token, until: now.Add(r.lease), committed: true})
	return true
}

// Len is the number of ids that are held now.
func (r *Reservations) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	return len(r.byID)
}

func (r *Reservations) expire(now time.Time) {
	for r.first != nil && !now.Before(r.first.until) {
		r.drop(r.first)
	}
}

func (r *Reservations) append(n *reservation) {
	r.byID[n.id] = n
	if n.prev = r.last; n.prev != nil {
		n.prev.next = n
	} else {
		r.first = n
	}
	r.last = n
}

func (r *Reservations) drop(n *reservation) {
	delete(r.byID, n.id)
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		r.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		r.last = n.prev
	}
}
