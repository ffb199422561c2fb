package room

import "slices"

// state is what a room's actor owns; nobody else sees it but as snapshots.
type state struct {
	id         ID
	config     Config
	components []Component // in the order of their creation
	peers      []Peer      // likewise; Tracks slices are never changed in place
	members    []*member   // of the peers, at the same index
	timers     []*purge    // likewise: of disconnected peers
}

// snapshot copies the state. The copy is never changed afterwards.
func (s *state) snapshot() *Room {
	return &Room{
		ID:         s.id,
		Config:     s.config,
		Components: slices.Clone(s.components),
		Peers:      slices.Clone(s.peers),
	}
}

// peerless says whether no peer is connected. Peers that were added but never
// connected do not keep a room alive.
func (s *state) peerless() bool {
	return !slices.ContainsFunc(s.peers, func(p Peer) bool { return p.Status == Connected })
}

func (s *state) add(p Peer, m *member) {
	s.peers = append(s.peers, p)
	s.members = append(s.members, m)
	s.timers = append(s.timers, &purge{})
}

// remove takes the peer at i out and stops its timer.
func (s *state) remove(i int) Peer {
	p := s.peers[i]
	s.timers[i].disarm()
	s.peers = slices.Delete(s.peers, i, i+1)
	s.members = slices.Delete(s.members, i, i+1)
	s.timers = slices.Delete(s.timers, i, i+1)
	return p
}

// index finds a member that is in the room, else -1.
func (s *state) index(m *member) int { return slices.Index(s.members, m) }

// find finds a peer by id, else -1.
func (s *state) find(id string) int {
	return slices.IndexFunc(s.peers, func(p Peer) bool { return p.ID == id })
}

// member is the member of a peer's id, or nil.
func (s *state) member(id string) *member {
	if i := s.find(id); i >= 0 {
		return s.members[i]
	}
	return nil
}
