package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// remoteRooms are the rooms of another member, by the calls of the main branch.
type remoteRooms struct {
	router *Router
	node   string
}

// call makes one call and reads the answer. room.ErrUnreachable when the member
// raised or did not answer.
func (x remoteRooms) call(ctx context.Context, module, function string, args ...etf.Term) (etf.Term, error) {
	answer, err := x.router.node.Call(ctx, x.node, module, function, args...)
	if err != nil {
		return nil, errors.Join(room.ErrUnreachable, err)
	}
	value, err := parseAnswer(answer)
	if errors.Is(err, errAnswer) {
		return nil, errors.Join(room.ErrUnreachable, err)
	}
	return value, err
}

// do is call without a result.
func (x remoteRooms) do(ctx context.Context, module, function string, args ...etf.Term) error {
	_, err := x.call(ctx, module, function, args...)
	return err
}

// rooms is the module of the member's room service.
func (x remoteRooms) rooms() string {
	d := x.router.dialects[dialectMain]
	if c, ok := x.router.members.find(x.node); ok && !c.fjord {
		d = x.router.dialects[c.dialect]
	}
	return d.rooms
}

func (x remoteRooms) get(ctx context.Context, id room.ID) (room.Room, error) {
	value, err := x.call(ctx, x.rooms(), funGet, []byte(id))
	if err != nil {
		return room.Room{}, err
	}
	return parsed(parseState(value))
}

func (x remoteRooms) delete(ctx context.Context, id room.ID) error {
	return x.do(ctx, x.rooms(), funDelete, []byte(id))
}

func (x remoteRooms) addPeer(ctx context.Context, id room.ID, cfg room.PeerConfig) (room.Peer, error) {
	module := moduleOf(productFishjam+peerTypes, cfg.Type)
	value, err := x.call(ctx, moduleRoom, funAddPeer, []byte(id), module, optionsTerm(peerOptions(cfg)))
	if err != nil {
		return room.Peer{}, err
	}
	return parsed(parsePeer(value))
}

func (x remoteRooms) addComponent(ctx context.Context, id room.ID, cfg room.ComponentConfig) (room.Component, error) {
	module := moduleOf(productFishjam+componentTypes, cfg.Type)
	value, err := x.call(ctx, moduleRoom, funAddComponent, []byte(id), module, optionsTerm(cfg.Options))
	if err != nil {
		return room.Component{}, err
	}
	return parsed(parseComponent(value))
}

// address is the member's FJ_HOST.
func (x remoteRooms) address(ctx context.Context) (string, error) {
	if info, ok := x.router.members.fjordInfo(x.node); ok {
		return info.Address, nil
	}
	value, err := x.call(ctx, moduleFishjam, funAddress)
	if err != nil {
		return "", err
	}
	if b, ok := value.([]byte); ok {
		return string(b), nil
	}
	return parsed("", fmt.Errorf("address: %w", errTerm))
}

// parsed makes an answer that cannot be read a member that cannot be reached.
func parsed[T any](value T, err error) (T, error) {
	if err != nil {
		return value, errors.Join(room.ErrUnreachable, err)
	}
	return value, nil
}

// listOthers reads the rooms of the members that take part in routing. Who does
// not answer is missing, as in the original.
func (r *Router) listOthers(ctx context.Context) []room.Room {
	ctx, cancel := context.WithTimeout(ctx, forwardLimit)
	defer cancel()
	names := make([][]string, len(r.dialects)) // by dialect
	for _, c := range r.members.candidates(time.Now()) {
		switch {
		case c.fjord:
			names[dialectMain] = append(names[dialectMain], c.name)
		case r.routing == RouteByID && c.dialect == dialectMain:
			names[c.dialect] = append(names[c.dialect], c.name)
		}
	}
	var g errgroup.Group
	results := make([][]node.Result, len(names))
	for d := range names {
		if len(names[d]) > 0 {
			g.Go(func() error {
				results[d] = r.node.Multicall(ctx, names[d], r.dialects[d].rooms, funList)
				return nil
			})
		}
	}
	_ = g.Wait() // never fails: errors are in results
	var rooms []room.Room
	for _, rs := range results {
		for _, res := range rs {
			list, err := parseEach(res.Value, parseState)
			if res.Err != nil {
				err = res.Err
			}
			if err != nil {
				r.log.Warn("rooms of a member are missing in the list", "node", res.Node, "error", err)
				continue
			}
			rooms = append(rooms, list...)
		}
	}
	return rooms
}
