package room

import (
	"hash/maphash"
	"sync"
)

// registry finds rooms by id. It is split into shards so that creations on
// several cores rarely wait for each other.
type registry struct {
	seed   maphash.Seed
	shards [64]shard
}

type shard struct {
	mu   sync.RWMutex
	byID map[ID]*entry
}

func newRegistry() *registry {
	r := &registry{seed: maphash.MakeSeed()}
	for i := range r.shards {
		r.shards[i].byID = map[ID]*entry{}
	}
	return r
}

func (r *registry) shard(id ID) *shard {
	return &r.shards[maphash.String(r.seed, string(id))%uint64(len(r.shards))]
}

// add reports false when the id is taken.
func (r *registry) add(e *entry) bool {
	s := r.shard(e.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.byID[e.id]; taken {
		return false
	}
	s.byID[e.id] = e
	return true
}

// remove takes e out, and no other entry that got its id later.
func (r *registry) remove(e *entry) {
	s := r.shard(e.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[e.id] == e {
		delete(s.byID, e.id)
	}
}

func (r *registry) get(id ID) (*entry, bool) {
	s := r.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.byID[id]
	return e, ok
}

// all appends every entry to list, in no order.
func (r *registry) all(list []*entry) []*entry {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.RLock()
		for _, e := range s.byID {
			list = append(list, e)
		}
		s.mu.RUnlock()
	}
	return list
}
