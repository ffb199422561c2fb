package cluster

import (
	"context"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// handler answers one module:function/arity that peers may call.
type handler = func(ctx context.Context, c node.Caller, args []etf.Term) (etf.Term, error)

// erlang is what the cluster needs of an Erlang node. *node.Node has it all
// behind nodePort; tests bring a network in memory.
type erlang interface {
	Name() string
	Nodes() []string
	Connect(ctx context.Context, name string) (dialled bool, err error)
	Subscribe(fn func(node.NodeEvent)) (cancel func())
	Call(ctx context.Context, peer, module, function string, args ...etf.Term) (etf.Term, error)
	Multicall(ctx context.Context, peers []string, module, function string, args ...etf.Term) []node.Result
	GenCall(ctx context.Context, peer, name string, request etf.Term) (etf.Term, error)
	Handle(module, function string, arity int, fn handler)
	Spawn(name string, cb node.Callbacks) (process, error)
}

// process is what the gateway needs of a *node.Process.
type process interface {
	Pid() etf.Pid
	Reply(ctx context.Context, r node.GenRequest, answer etf.Term) error
	Terminate(reason etf.Term)
}

// actors is what the gateway needs of an *actor.System.
type actors interface {
	Send(to actor.PID, msg any) error
	SendName(name string, msg any) error
	Whereis(name string) (actor.PID, bool)
	Kill(pid actor.PID) error
	Exit(pid actor.PID, reason error) error
	Watch(pid actor.PID, fn func(reason error)) error
}

// Rooms is all that can be done with rooms: what the HTTP layer calls.
type Rooms interface {
	room.Service
	room.PeerService
	room.ComponentService
}

// Local is what the cluster needs of the rooms of this node; *room.Local has it.
type Local interface {
	Rooms
	// Has says whether the room lives here, without asking its actor.
	Has(id room.ID) bool
	// Usage reads counters.
	Usage() room.Usage
	// Draining says whether new rooms are refused.
	Draining() bool
}

// nodePort is a *node.Node as the cluster sees it.
type nodePort struct{ *node.Node }

// Handle lists fn. The usage, for which all members are asked before each
// creation, is read from counters: that needs no goroutine of its own.
func (p nodePort) Handle(module, function string, arity int, fn handler) {
	if function == funUsage {
		p.HandleQuick(module, function, arity, fn)
		return
	}
	p.Node.Handle(module, function, arity, fn)
}

func (p nodePort) Spawn(name string, cb node.Callbacks) (process, error) {
	proc, err := p.Node.Spawn(name, cb)
	if err != nil {
		return nil, err
	}
	return proc, nil
}
