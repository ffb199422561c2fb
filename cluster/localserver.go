package cluster

import (
	"context"
	"errors"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// localServer answers the calls of the main branch about single rooms: those
// of Fishjam nodes with request routing, and of Fjord nodes that pass requests
// on.
type localServer struct {
	local   Local
	product string // whose structs are used
	address string
	pid     func() etf.Pid // of a process that stands for our rooms
}

// operation is one function: it gets the id of the room, the first argument,
// and the others. kind goes with some errors.
type operation struct {
	name  string
	arity int
	kind  func(args []etf.Term) string
	run   func(ctx context.Context, s *localServer, id room.ID, args []etf.Term) (etf.Term, error)
}

// errBadArgument ends a call as a function clause would.
var errBadArgument = node.Error(etf.Atom("function_clause"))

// roomOperations are the functions of Local.Room.
func roomOperations() []operation {
	peerKind := func(args []etf.Term) string { return kindOf(args[0], peerTypes) }
	componentKind := func(args []etf.Term) string { return kindOf(args[0], componentTypes) }
	return []operation{
		{funAddPeer, 3, peerKind, addPeerOf},
		{funRemovePeer, 2, nil, onName(func(ctx context.Context, s *localServer, id room.ID, name string, _ []etf.Term) error {
			return s.local.DeletePeer(ctx, id, name)
		})},
		{funPeerStatus, 2, nil, peerStatusOf},
		{funAddComponent, 3, componentKind, addComponentOf},
		{funRemoveComponent, 2, nil, onName(func(ctx context.Context, s *localServer, id room.ID, name string, _ []etf.Term) error {
			return s.local.DeleteComponent(ctx, id, name)
		})},
		{funSubscribe, 3, nil, onName(func(ctx context.Context, s *localServer, id room.ID, name string, args []etf.Term) error {
			return s.local.Subscribe(ctx, id, name, parseNames(args[1]))
		})},
		{funDial, 3, nil, onName(func(ctx context.Context, s *localServer, id room.ID, name string, args []etf.Term) error {
			number, _ := args[1].([]byte)
			return s.local.Dial(ctx, id, name, string(number))
		})},
		{funEndCall, 2, nil, onName(func(ctx context.Context, s *localServer, id room.ID, name string, _ []etf.Term) error {
			return s.local.EndCall(ctx, id, name)
		})},
	}
}

// serviceOperations are the functions of a room service that concern one room.
func serviceOperations() []operation {
	return []operation{
		{funFind, 1, nil, findRoom},
		{funGet, 1, nil, getRoom},
	}
}

// serve lists the functions that other nodes may call.
func (s *localServer) serve(n erlang) {
	for _, op := range roomOperations() {
		n.Handle(moduleRoom, op.name, op.arity, s.handler(op))
	}
	for _, d := range dialects() {
		own := *s
		own.product = d.product
		for _, op := range serviceOperations() {
			n.Handle(d.rooms, op.name, op.arity, own.handler(op))
		}
		n.Handle(d.rooms, funList, 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
			return own.list(ctx)
		})
	}
	for _, module := range []string{moduleFishjam, moduleJellyfish} {
		n.Handle(module, funAddress, 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
			return []byte(s.address), nil
		})
	}
}

// handler makes a function of an operation: bounded, with the original's
// errors; what it has no word for is raised.
func (s *localServer) handler(op operation) handler {
	return func(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		id, ok := args[0].([]byte)
		if !ok {
			return nil, errBadArgument
		}
		ctx, cancel := context.WithTimeout(ctx, serveLimit)
		defer cancel()
		value, err := op.run(ctx, s, room.ID(id), args[1:])
		if err == nil {
			return value, nil
		}
		kind := ""
		if op.kind != nil {
			kind = op.kind(args[1:])
		}
		if t, ok := failureTerm(err, kind); ok {
			return t, nil
		}
		var remote *node.RemoteError
		if errors.As(err, &remote) {
			return nil, err
		}
		return nil, node.Error([]byte(err.Error()))
	}
}

// onName is an operation on a peer or component of the room, which answers ok.
func onName(fn func(ctx context.Context, s *localServer, id room.ID, name string, args []etf.Term) error) func(context.Context, *localServer, room.ID, []etf.Term) (etf.Term, error) {
	return func(ctx context.Context, s *localServer, id room.ID, args []etf.Term) (etf.Term, error) {
		name, ok := args[0].([]byte)
		if !ok {
			return nil, errBadArgument
		}
		if err := fn(ctx, s, id, string(name), args); err != nil {
			return nil, err
		}
		return atomOK, nil
	}
}

func okTerm(value etf.Term) etf.Term { return etf.Tuple{atomOK, value} }

func addPeerOf(ctx context.Context, s *localServer, id room.ID, args []etf.Term) (etf.Term, error) {
	kind := kindOf(args[0], peerTypes)
	if kind == "" {
		return nil, errBadArgument
	}
	options := parseOptions(args[1])
	simulcast, isSet := options["enableSimulcast"].(bool)
	cfg := room.PeerConfig{Type: kind, EnableSimulcast: simulcast || !isSet, Metadata: options["metadata"]}
	p, err := s.local.AddPeer(ctx, id, cfg)
	if err != nil {
		return nil, err
	}
	return okTerm(peerTerm(s.product, p)), nil
}

func peerStatusOf(ctx context.Context, s *localServer, id room.ID, args []etf.Term) (etf.Term, error) {
	r, err := s.local.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	name, _ := args[0].([]byte)
	for _, p := range r.Peers {
		if p.ID == string(name) {
			return okTerm(etf.Atom(p.Status)), nil
		}
	}
	return nil, room.ErrPeerNotFound
}

func addComponentOf(ctx context.Context, s *localServer, id room.ID, args []etf.Term) (etf.Term, error) {
	kind := kindOf(args[0], componentTypes)
	if kind == "" {
		return nil, errBadArgument
	}
	c, err := s.local.AddComponent(ctx, id, room.ComponentConfig{Type: kind, Options: parseOptions(args[1])})
	if err != nil {
		return nil, err
	}
	return okTerm(componentTerm(s.product, c)), nil
}

// findRoom answers with a process, as the original does: it only says that the room
// is there.
func findRoom(ctx context.Context, s *localServer, id room.ID, _ []etf.Term) (etf.Term, error) {
	if _, err := s.local.Get(ctx, id); err != nil {
		return nil, err
	}
	return okTerm(s.pid()), nil
}

func getRoom(ctx context.Context, s *localServer, id room.ID, _ []etf.Term) (etf.Term, error) {
	r, err := s.local.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return okTerm(stateTerm(s.product, r)), nil
}

func (s *localServer) list(ctx context.Context) (etf.Term, error) {
	rooms, err := s.local.List(ctx)
	if err != nil {
		return nil, err
	}
	list := make(etf.List, 0, len(rooms))
	for _, r := range rooms {
		list = append(list, stateTerm(s.product, r))
	}
	return list, nil
}

// parseNames reads a list of binaries and passes over anything else.
func parseNames(t etf.Term) []string {
	list, _ := t.(etf.List)
	names := make([]string, 0, len(list))
	for _, e := range list {
		if b, ok := e.([]byte); ok {
			names = append(names, string(b))
		}
	}
	return names
}
