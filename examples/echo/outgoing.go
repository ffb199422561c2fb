package main

import (
	"context"
	"errors"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// handleOutgoing lists the functions that make this node call others.
func (a *app) handleOutgoing() {
	a.node.Handle("echo", "ping", 1, a.ping)
	a.node.Handle("echo", "call", 5, a.call)
	a.node.Handle("echo", "gen_call", 4, a.genCall)
	a.node.Handle("echo", "stream", 3, a.stream)
	a.node.Handle("echo", "sync", 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
		return outcome(a.global.Sync(ctx)), nil
	})
}

// ping is net_adm:ping(Node).
func (a *app) ping(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	name, ok := etf.AsAtom(args[0])
	if !ok {
		return nil, node.Error(etf.Atom("badarg"))
	}
	if a.node.Ping(ctx, string(name)) != nil {
		return etf.Atom("pang"), nil
	}
	return etf.Atom("pong"), nil
}

// call is erpc:call(Node, Module, Function, Args, Milliseconds).
func (a *app) call(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	name, ok1 := etf.AsAtom(args[0])
	module, ok2 := etf.AsAtom(args[1])
	function, ok3 := etf.AsAtom(args[2])
	list, ok4 := etf.AsList(args[3])
	ctx, cancel, ok5 := limited(ctx, args[4])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return nil, node.Error(etf.Atom("badarg"))
	}
	defer cancel()
	return result(a.node.Call(ctx, string(name), string(module), string(function), list...)), nil
}

// genCall is gen_server:call({Name, Node}, Request, Milliseconds), called as
// gen_call(Node, Name, Request, Milliseconds).
func (a *app) genCall(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	peer, ok1 := etf.AsAtom(args[0])
	name, ok2 := etf.AsAtom(args[1])
	ctx, cancel, ok3 := limited(ctx, args[3])
	if !ok1 || !ok2 || !ok3 {
		return nil, node.Error(etf.Atom("badarg"))
	}
	defer cancel()
	return result(a.node.GenCall(ctx, string(peer), string(name), args[2])), nil
}

// limited bounds ctx by a number of milliseconds.
func limited(ctx context.Context, t etf.Term) (context.Context, context.CancelFunc, bool) {
	ms, ok := etf.AsInt(t)
	if !ok || ms < 0 || ms > maxDelay.Milliseconds() {
		return ctx, nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(ms)*time.Millisecond)
	return ctx, cancel, true
}

// result is {ok, Value}, {Class, Reason} of an exception there, or {error,
// timeout | noproc | noconnection | Text}.
func result(value etf.Term, err error) etf.Term {
	var remote *node.RemoteError
	switch {
	case err == nil:
		return etf.Tuple{etf.Atom("ok"), value}
	case errors.As(err, &remote):
		return etf.Tuple{etf.Atom(remote.Class), remote.Reason}
	case errors.Is(err, context.DeadlineExceeded):
		return etf.Tuple{etf.Atom("error"), etf.Atom("timeout")}
	case errors.Is(err, node.ErrNoProc):
		return etf.Tuple{etf.Atom("error"), etf.Atom("noproc")}
	case errors.Is(err, node.ErrNoConnection):
		return etf.Tuple{etf.Atom("error"), etf.Atom("noconnection")}
	}
	return etf.Tuple{etf.Atom("error"), err.Error()}
}

// stream sends {1, Bytes}, {2, Bytes} … {Count, Bytes} to a process: stream(To,
// Count, Size). Bytes is a binary of that size.
func (a *app) stream(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	count, ok1 := etf.AsInt(args[1])
	size, ok2 := etf.AsInt(args[2])
	if !ok1 || !ok2 || size < 0 || size > maxStream {
		return nil, node.Error(etf.Atom("badarg"))
	}
	p, err := a.node.Spawn("", node.Callbacks{})
	if err != nil {
		return nil, err
	}
	defer p.Terminate(etf.Atom("normal"))
	bytes := make([]byte, size)
	for i := range count {
		if err := p.Send(ctx, args[0], etf.Tuple{i + 1, bytes}); err != nil {
			return nil, err
		}
	}
	return etf.Atom("ok"), nil
}

// maxStream bounds the size of a message of stream.
const maxStream = 256 << 20
