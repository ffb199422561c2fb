package main

import (
	"context"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/global"
)

// handleFunctions lists what can be called with erpc:call(Node, echo, F, A).
func (a *app) handleFunctions() {
	for _, f := range []struct {
		name  string
		arity int
		run   node.Function
	}{
		{"echo", 1, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) { return args[0], nil }},
		{"sleep", 1, sleep},
		{"fail", 2, fail},
		{"whoami", 0, func(_ context.Context, c node.Caller, _ []etf.Term) (etf.Term, error) { return etf.Atom(c.Node), nil }},
		{"spawn_worker", 0, a.spawnWorker},
		{"join", 1, a.join},
		{"members", 1, a.members},
		{"register", 1, a.register},
		{"unregister", 1, a.unregister},
		{"whereis", 1, a.whereis},
	} {
		a.node.Handle("echo", f.name, f.arity, f.run)
	}
	a.handleOutgoing()
}

// sleep is timer:sleep; it ends early when the caller gives up.
func sleep(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	ms, ok := etf.AsInt(args[0])
	if !ok || ms < 0 || ms > maxDelay.Milliseconds() {
		return nil, node.Error(etf.Atom("badarg"))
	}
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return etf.Atom("ok"), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fail is erlang:raise(Class, Reason, …).
func fail(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	switch args[0] {
	case etf.Term(etf.Atom("exit")):
		return nil, node.Exit(args[1])
	case etf.Term(etf.Atom("throw")):
		return nil, node.Throw(args[1])
	}
	return nil, node.Error(args[1])
}

func (a *app) spawnWorker(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
	w, err := a.startWorker()
	if err != nil {
		return nil, err
	}
	return w.Pid(), nil
}

// join starts a worker that is in a group of the pg scope; it leaves when it
// ends.
func (a *app) join(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	w, err := a.startWorker()
	if err != nil {
		return nil, err
	}
	if err := a.scope.Join(args[0], w.Pid()); err != nil {
		w.Terminate(etf.Atom("shutdown"))
		return nil, err
	}
	return w.Pid(), nil
}

// members is pg:get_members, seen from here.
func (a *app) members(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	list := etf.List{}
	for _, pid := range a.scope.Members(args[0]) {
		list = append(list, pid)
	}
	return list, nil
}

// register starts a worker with a global name.
func (a *app) register(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	w, err := a.startWorker()
	if err != nil {
		return nil, err
	}
	if err := a.global.Register(ctx, args[0], w.Pid(), global.RandomExit); err != nil {
		w.Terminate(etf.Atom("shutdown"))
		return nil, err
	}
	return w.Pid(), nil
}

func (a *app) unregister(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	if err := a.global.Unregister(ctx, args[0]); err != nil {
		return nil, err
	}
	return etf.Atom("ok"), nil
}

// whereis is global:whereis_name, seen from here.
func (a *app) whereis(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	if pid, ok := a.global.Whereis(args[0]); ok {
		return pid, nil
	}
	return etf.Atom("undefined"), nil
}
