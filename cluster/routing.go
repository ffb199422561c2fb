package cluster

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// Routing is how requests about a room find it.
type Routing int

// The ways of routing.
const (
	// RouteNone: a room is found on its own node only, as in Fishjam 0.6.3.
	RouteNone Routing = iota
	// RouteByID: room ids end with the owner's name, as in Fishjam's main branch
	// with FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED. Clients cannot choose ids.
	RouteByID
	// RouteTransparent: every Fjord node answers for the rooms of all Fjord
	// nodes, whatever their ids.
	RouteTransparent
)

// findLimit bounds the question who has a room, forwardLimit a request that is
// passed on (the original's own limit).
const (
	findLimit    = 500 * time.Millisecond
	forwardLimit = 5 * time.Second
)

// routedID is a new room id on a node: a UUID v4 without its first group, and
// the hexadecimal node name.
func routedID(node string) room.ID {
	_, rest, _ := strings.Cut(string(room.NewID()), "-")
	return room.ID(rest + "-" + hex.EncodeToString([]byte(node)))
}

// nodeOfID is the owner that a routed id names.
func nodeOfID(id room.ID) (string, bool) {
	i := strings.LastIndexByte(string(id), '-')
	last := string(id)[i+1:]
	if last == "" || strings.ToLower(last) != last {
		return "", false
	}
	name, err := hex.DecodeString(last)
	if err != nil || !etf.Atom(name).Valid() {
		return "", false
	}
	return string(name), true
}

// owner finds the node that has a room: this one, or another member.
// room.ErrInvalidID, room.ErrNotFound.
func (r *Router) owner(ctx context.Context, id room.ID) (string, error) {
	if r.routing == RouteNone || r.local.Has(id) {
		return r.self, nil
	}
	if r.routing == RouteTransparent {
		return r.search(ctx, id), nil
	}
	name, ok := nodeOfID(id)
	switch {
	case !ok:
		return "", fmt.Errorf("room %s: %w", id, room.ErrInvalidID)
	case name == r.self:
		return name, nil
	}
	if _, linked := r.members.find(name); !linked {
		return "", fmt.Errorf("room %s: node %s: %w", id, name, room.ErrNotFound)
	}
	return name, nil
}

// search asks where a room is: first the node from which its events came, then
// all Fjord members. It is this node, whose answer is that there is no such
// room, when nobody has it.
func (r *Router) search(ctx context.Context, id room.ID) string {
	ctx, cancel := context.WithTimeout(ctx, findLimit)
	defer cancel()
	if name, ok := r.watch.owner(id); ok && r.has(ctx, name, id) {
		return name
	}
	for _, res := range r.node.Multicall(ctx, r.members.fjords(time.Now()), moduleFjord, funHas, []byte(id)) {
		switch {
		case res.Err == nil && isAtom(res.Value, "true"), res.Err == nil && res.Value == etf.Term(true):
			return res.Node
		case errors.Is(res.Err, context.DeadlineExceeded):
			r.members.missed(res.Node, time.Now())
		}
	}
	return r.self
}

func (r *Router) has(ctx context.Context, name string, id room.ID) bool {
	answer, err := r.node.Call(ctx, name, moduleFjord, funHas, []byte(id))
	return err == nil && (isAtom(answer, "true") || answer == etf.Term(true))
}

// routed runs an operation where the room is. remote gets the way to the owner.
func routed[T any](ctx context.Context, r *Router, id room.ID, local func() (T, error), remote func(context.Context, remoteRooms) (T, error)) (T, error) {
	var none T
	name, err := r.owner(ctx, id)
	if err != nil {
		return none, err
	}
	if name == r.self {
		return local()
	}
	ctx, cancel := context.WithTimeout(ctx, forwardLimit)
	defer cancel()
	value, err := remote(ctx, remoteRooms{router: r, node: name})
	if err != nil {
		return none, fmt.Errorf("room %s on %s: %w", id, name, err)
	}
	return value, nil
}

// done is routed for operations without a result.
func done(fn func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, fn() }
}

// Get reads a room.
func (r *Router) Get(ctx context.Context, id room.ID) (room.Room, error) {
	return routed(ctx, r, id, func() (room.Room, error) { return r.local.Get(ctx, id) },
		func(ctx context.Context, x remoteRooms) (room.Room, error) { return x.get(ctx, id) })
}

// List reads all rooms: of this node, or with routing of all members that
// answer.
func (r *Router) List(ctx context.Context) ([]room.Room, error) {
	rooms, err := r.local.List(ctx)
	if err != nil || r.routing == RouteNone {
		return rooms, err
	}
	return append(rooms, r.listOthers(ctx)...), nil
}

// Delete ends a room.
func (r *Router) Delete(ctx context.Context, id room.ID) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.Delete(ctx, id) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) { return struct{}{}, x.delete(ctx, id) })
	return err
}

// AddPeer adds a peer to a room.
func (r *Router) AddPeer(ctx context.Context, id room.ID, cfg room.PeerConfig) (room.Peer, error) {
	return routed(ctx, r, id, func() (room.Peer, error) { return r.local.AddPeer(ctx, id, cfg) },
		func(ctx context.Context, x remoteRooms) (room.Peer, error) { return x.addPeer(ctx, id, cfg) })
}

// DeletePeer removes a peer.
func (r *Router) DeletePeer(ctx context.Context, id room.ID, peer string) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.DeletePeer(ctx, id, peer) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) {
			return struct{}{}, x.do(ctx, moduleRoom, funRemovePeer, []byte(id), []byte(peer))
		})
	return err
}

// Join connects a peer's socket; the room must live on this node, whose address
// the client was given.
func (r *Router) Join(ctx context.Context, id room.ID, peer string, sink room.PeerSink) (room.PeerSession, error) {
	return r.local.Join(ctx, id, peer, sink)
}

// AddComponent adds a component to a room.
func (r *Router) AddComponent(ctx context.Context, id room.ID, cfg room.ComponentConfig) (room.Component, error) {
	return routed(ctx, r, id, func() (room.Component, error) { return r.local.AddComponent(ctx, id, cfg) },
		func(ctx context.Context, x remoteRooms) (room.Component, error) { return x.addComponent(ctx, id, cfg) })
}

// DeleteComponent removes a component.
func (r *Router) DeleteComponent(ctx context.Context, id room.ID, component string) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.DeleteComponent(ctx, id, component) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) {
			return struct{}{}, x.do(ctx, moduleRoom, funRemoveComponent, []byte(id), []byte(component))
		})
	return err
}

// Subscribe has a component take tracks of others.
func (r *Router) Subscribe(ctx context.Context, id room.ID, component string, origins []string) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.Subscribe(ctx, id, component, origins) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) {
			list := etf.List{}
			for _, o := range origins {
				list = append(list, []byte(o))
			}
			return struct{}{}, x.do(ctx, moduleRoom, funSubscribe, []byte(id), []byte(component), list)
		})
	return err
}

// Dial has a SIP component call.
func (r *Router) Dial(ctx context.Context, id room.ID, component, phoneNumber string) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.Dial(ctx, id, component, phoneNumber) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) {
			return struct{}{}, x.do(ctx, moduleRoom, funDial, []byte(id), []byte(component), []byte(phoneNumber))
		})
	return err
}

// EndCall ends a SIP component's call.
func (r *Router) EndCall(ctx context.Context, id room.ID, component string) error {
	_, err := routed(ctx, r, id, done(func() error { return r.local.EndCall(ctx, id, component) }),
		func(ctx context.Context, x remoteRooms) (struct{}, error) {
			return struct{}{}, x.do(ctx, moduleRoom, funEndCall, []byte(id), []byte(component))
		})
	return err
}

// Elsewhere is the FJ_HOST of the other node that has a room; false when the room
// is here, or nobody is known to have it. It is meant for requests that anybody
// can make: the cluster is not searched. room.ErrInvalidID, room.ErrNotFound,
// room.ErrUnreachable.
func (r *Router) Elsewhere(ctx context.Context, id room.ID) (address string, elsewhere bool, err error) {
	name, known := r.self, true
	switch {
	case r.local.Has(id):
	case r.routing == RouteByID:
		name, err = r.owner(ctx, id)
	case r.routing == RouteTransparent:
		name, known = r.watch.owner(id)
	}
	if err != nil || !known || name == r.self {
		return "", false, err
	}
	ctx, cancel := context.WithTimeout(ctx, forwardLimit)
	defer cancel()
	if address, err = (remoteRooms{router: r, node: name}).address(ctx); err != nil {
		return "", false, fmt.Errorf("room %s on %s: %w", id, name, err)
	}
	return address, true, nil
}

// Address is the FJ_HOST of the node that has a room: where its peers connect.
func (r *Router) Address(ctx context.Context, id room.ID) (string, error) {
	return routed(ctx, r, id, func() (string, error) { return r.address, nil },
		func(ctx context.Context, x remoteRooms) (string, error) { return x.address(ctx) })
}
