package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// serveLimit bounds what is done for one call of a peer: the time-out of the
// original's own calls.
const serveLimit = 5 * time.Second

// roomServer answers what other members ask of this node's rooms.
type roomServer struct {
	self    string
	local   *capacity
	router  *Router
	custom  *customRooms
	members *members
	info    fjordInfo
	// ready says that the registered names can be called. Usage without them
	// would draw rooms that then fail.
	ready    func() bool
	inflight *inflight
	log      *slog.Logger

	mu     sync.Mutex
	served map[string]int // orders done with, by the node that sent them on this link
}

var errNotReady = errors.New("room service is not running")

// create answers {create_room, Config}. dialect tells which structs to use.
func (s *roomServer) create(ctx context.Context, config etf.Term, d dialect) etf.Term {
	ctx, cancel := context.WithTimeout(ctx, serveLimit)
	defer cancel()
	cfg, custom, err := parseConfig(config)
	if err != nil {
		s.log.Warn("room for another node not created", "error", err)
		return createdTerm(d.product, room.Created{}, err)
	}
	s.inflight.fresh.add(time.Now())
	created, err := s.router.createHere(ctx, cfg)
	switch {
	case err != nil && !errors.Is(err, room.ErrExists):
		s.log.Warn("room for another node not created", "room_id", cfg.RoomID, "error", err)
	case err != nil:
		// The caller is told.
	case custom || !serverMade(created.Room.ID):
		s.custom.add(created.Room.ID)
	}
	return createdTerm(d.product, created, err)
}

// ownID gives a room that another node orders by create_room/1 an id of this
// node when ids name their owner.
func (s *roomServer) ownID(config etf.Term) etf.Term {
	m, ok := config.(etf.Map)
	if !ok || s.router.routing != RouteByID {
		return config
	}
	m = slices.Clone(m)
	for i, e := range m {
		if isAtom(e.Key, "room_id") {
			m[i].Value = []byte(routedID(s.self))
		}
	}
	return m
}

// raise makes an error of an answer that refuses a room for want of room: then
// the original answers 503 and not 400.
func (s *roomServer) raise(answer etf.Term) (etf.Term, error) {
	if t, ok := answer.(etf.Tuple); ok && len(t) == 2 && isAtom(t[1], atomNotStarted) && s.local.refuses() {
		return nil, node.Error(atomRefused)
	}
	return answer, nil
}

// order is create for a node whose orders are counted.
func (s *roomServer) order(ctx context.Context, from string, config etf.Term, d dialect) etf.Term {
	answer := s.create(ctx, config, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.served[from]++
	return answer
}

// link begins to count anew when a link comes or goes.
func (s *roomServer) link(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.served, node)
}

// request answers a gen_server call to a registered name; false when the
// request is unknown, which the original answers with a crash.
func (s *roomServer) request(ctx context.Context, from string, req etf.Term, d dialect) (etf.Term, bool) {
	name, args, err := parseRequest(req)
	if err != nil || len(args) != 1 {
		return nil, false
	}
	switch name {
	case funCreate:
		return s.order(ctx, from, args[0], d), true
	case funDelete:
		return s.delete(ctx, args[0]), true
	}
	return nil, false
}

func (s *roomServer) delete(ctx context.Context, arg etf.Term) etf.Term {
	id, ok := arg.([]byte)
	if !ok {
		return deletedTerm(errTerm)
	}
	ctx, cancel := context.WithTimeout(ctx, serveLimit)
	defer cancel()
	return deletedTerm(s.local.Delete(ctx, room.ID(id)))
}

// serve lists the functions that other nodes may call. Who answers for its usage
// answers what it is, too: see probe.
func (s *roomServer) serve(n erlang) {
	n.Handle(moduleFjord, funInfo, 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
		return infoTerm(s.info), nil
	})
	for _, d := range dialects() {
		n.Handle(d.usage, funUsage, 0, s.usage)
		n.Handle(d.rooms, funDelete, 1, func(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
			return s.delete(ctx, args[0]), nil
		})
		if d.registered == "" {
			n.Handle(d.rooms, funCreate, 1, func(ctx context.Context, c node.Caller, args []etf.Term) (etf.Term, error) {
				return s.raise(s.order(ctx, c.Node, s.ownID(args[0]), d))
			})
		}
	}
	n.Handle(moduleFjord, funRooms, 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
		rooms, err := s.local.List(ctx)
		return hooksTerm(roomHooks(rooms)), err
	})
	n.Handle(moduleFjord, funHas, 1, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		id, _ := args[0].([]byte)
		return s.local.Has(room.ID(id)), nil
	})
	n.Handle(moduleFjord, funCustom, 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
		return idsTerm(s.custom.list()), nil
	})
	n.Handle("erlang", "nodes", 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
		nodes := etf.List{}
		for _, name := range n.Nodes() {
			nodes = append(nodes, etf.Atom(name))
		}
		return nodes, nil
	})
}

func (s *roomServer) usage(_ context.Context, c node.Caller, _ []etf.Term) (etf.Term, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	// In this order: an order that ends meanwhile counts twice for a moment,
	// which is better than not at all.
	s.mu.Lock()
	served := s.served[c.Node]
	s.mu.Unlock()
	answer := usageTerm(s.self, s.local.offer())
	if m, ok := s.members.find(c.Node); ok && m.fjord {
		answer = append(answer, etf.MapEntry{Key: keyServed, Value: int64(served)},
			etf.MapEntry{Key: keyUnderWay, Value: int64(s.inflight.underWay())},
			etf.MapEntry{Key: keyNew, Value: int64(s.inflight.fresh.count(time.Now()))})
	}
	return answer, nil
}

// serverMade says whether an id looks like those that servers make (UUID v4 in
// lower case): the requests of other generations do not tell whose choice it was.
func serverMade(id room.ID) bool {
	if len(id) != 36 || id[14] != '4' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
