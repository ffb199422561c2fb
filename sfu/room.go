package sfu

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// RoomOptions configures a room's media.
type RoomOptions struct {
	ID string
	// VideoCodec is "vp8" or "h264": no other video codec is accepted. Empty:
	// see package jsep.
	VideoCodec string
	// Events gets what happens in the room, in order, one at a time. It must
	// not block nor call the room.
	Events func(Event)
	// Forwarded is told whenever the number of forwarded tracks (pairs of track
	// and subscriber) grows or shrinks, by how much. The rules of Events apply.
	Forwarded func(delta int)
	// Crashed is told when the room itself fails; it is closed then. The rules
	// of Events apply.
	Crashed func(error)
	// Logger gets what an operator should know; nil: nothing.
	Logger *slog.Logger
}

// Room is a set of endpoints that see each other's tracks.
type Room struct {
	id        string
	codec     string
	engine    *Engine
	log       *slog.Logger
	events    func(Event)
	forwarded func(int)
	crashed   func(error)
	pairs     atomic.Int64 // forwarded tracks

	mu      sync.Mutex // also orders notices and events
	closed  bool
	members []*Member // in order of arrival
	peers   map[string]*Peer
}

func newRoom(e *Engine, o RoomOptions) *Room {
	r := &Room{
		id: o.ID, codec: o.VideoCodec, engine: e, log: o.Logger,
		events: o.Events, forwarded: o.Forwarded, crashed: o.Crashed, peers: map[string]*Peer{},
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.events == nil {
		r.events = func(Event) {}
	}
	if r.forwarded == nil {
		r.forwarded = func(int) {}
	}
	if r.crashed == nil {
		r.crashed = func(error) {}
	}
	return r
}

// ID is the room's name.
func (r *Room) ID() string { return r.id }

// Forwarded is the number of pairs of track and subscriber.
func (r *Room) Forwarded() int { return int(r.pairs.Load()) }

// AddEndpoint lets an endpoint join. It gets a Joined notice before this
// returns. Errors: ErrClosed, ErrEndpointExists.
func (r *Room) AddEndpoint(e Endpoint) error {
	_, err := r.join(e)
	return err
}

func (r *Room) join(e Endpoint) (*Member, error) {
	info := e.Info()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("endpoint %s: room %s: %w", info.ID, r.id, ErrClosed)
	}
	if r.member(info.ID) != nil {
		return nil, fmt.Errorf("endpoint %s: %w", info.ID, ErrEndpointExists)
	}
	m := &Member{room: r, endpoint: e, info: info}
	e.Notify(Joined{Member: m, Others: r.states()})
	r.broadcast(m, EndpointAdded{Endpoint: info})
	r.members = append(r.members, m)
	r.events(EndpointMetadataUpdated{Endpoint: info.ID, Metadata: info.Metadata})
	return m, nil
}

func (r *Room) member(id string) *Member {
	at := slices.IndexFunc(r.members, func(m *Member) bool { return m.info.ID == id })
	if at < 0 {
		return nil
	}
	return r.members[at]
}

func (r *Room) states() []EndpointState {
	list := make([]EndpointState, 0, len(r.members))
	for _, m := range r.members {
		list = append(list, EndpointState{EndpointInfo: m.info, Tracks: slices.Clone(m.tracks)})
	}
	return list
}

// broadcast tells all members but one (nil: all).
func (r *Room) broadcast(but *Member, n Notice) {
	for _, m := range r.members {
		if m != but {
			m.endpoint.Notify(n)
		}
	}
}

// AddPeer makes an endpoint for a browser. It joins the room once its client
// says connect. Errors: ErrClosed, ErrEndpointExists.
func (r *Room) AddPeer(o PeerOptions) (*Peer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("peer %s: room %s: %w", o.ID, r.id, ErrClosed)
	}
	if r.peers[o.ID] != nil || r.member(o.ID) != nil {
		return nil, fmt.Errorf("peer %s: %w", o.ID, ErrEndpointExists)
	}
	p := newPeer(r, o)
	r.peers[o.ID] = p
	return p, nil
}

func (r *Room) forgetPeer(p *Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peers[p.id] == p {
		delete(r.peers, p.id)
	}
}

// Close evicts all endpoints and closes all peers. No event follows.
func (r *Room) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	members, peers := r.members, r.peers
	r.members, r.peers = nil, map[string]*Peer{}
	for _, m := range members {
		m.gone = true
		for _, t := range m.tracks {
			t.close()
		}
		m.endpoint.Evicted(fmt.Errorf("room %s: %w", r.id, ErrClosed))
	}
	r.mu.Unlock()
	for _, p := range peers {
		p.shut()
	}
	r.engine.forget(r)
}

// addForwarded counts forwarded tracks.
func (r *Room) addForwarded(delta int) {
	r.pairs.Add(int64(delta))
	r.forwarded(delta)
}
