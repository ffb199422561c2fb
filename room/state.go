package room

import "slices"

// state is what a room's actor owns; nobody else sees it but as snapshots.
type state struct {
	id         ID
	config     Config
	components []Component // in the order of their creation
	peers      []Peer      // likewise
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
	return !slices.ContainsFunc(s.peers, func(p Peer) bool { return p.Status == "connected" })
}
