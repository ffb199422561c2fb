package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// Call is erpc:call(peer, module, function, args). It connects when there is no
// link. ctx gives the deadline, DefaultTimeout without one; when it ends the
// peer is told that nobody waits any more.
//
// Errors: *RemoteError for what the function raised (errors.Is ErrUndef for a
// function that does not exist), ErrNoConnection, and ctx's.
func (n *Node) Call(ctx context.Context, peer, module, function string, args ...etf.Term) (etf.Term, error) {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	value, err := n.call(ctx, etf.Atom(peer), etf.Atom(module), etf.Atom(function), args)
	if err != nil {
		return nil, fmt.Errorf("call %s:%s/%d on %s: %w", module, function, len(args), peer, err)
	}
	return value, nil
}

func (n *Node) call(ctx context.Context, peer, module, function etf.Atom, args etf.List) (etf.Term, error) {
	l, err := n.route(ctx, peer, true)
	if err != nil {
		return nil, err
	}
	if !l.has(dist.Spawn) {
		return nil, &FlagsMissingError{Peer: l.name, Flags: []string{dist.Spawn.String()}}
	}
	request, result := n.ids.ref(), n.ids.ref()
	done := n.waiters.add(request)
	defer n.waiters.remove(request)
	if err := n.addMonitor(n.client, request, monitor{link: l}); err != nil {
		return nil, err
	}
	defer n.client.Demonitor(request)
	err = l.send(ctx, dist.SigSpawnRequest{
		ReqID: request, From: n.client.pid, GroupLeader: n.client.pid,
		Module: atomErpc, Function: atomExecuteCall, Arity: 4,
		Opts: etf.List{atomMonitor},
		Args: etf.List{result, module, function, args},
	})
	if err != nil {
		return nil, err
	}
	select {
	case a := <-done:
		return outcome(result, a.term)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// onSpawnReply serves SPAWN_REPLY, the answer to the request of a call of ours.
func (n *Node) onSpawnReply(l *link, s dist.SigSpawnReply) {
	switch r := s.Result.(type) {
	case etf.Pid:
		if !n.nameMonitored(n.client, s.ReqID, r) && s.Flags&dist.SpawnMonitored != 0 {
			l.post(dist.SigDemonitor{From: s.To, To: r, Ref: s.ReqID}) // the call was given up
		}
	case etf.Atom:
		n.takeMonitor(n.client, s.ReqID)
		n.waiters.finish(s.ReqID, answer{term: etf.Tuple{atomErpc, r}, down: true})
	}
}

// outcome is the result of a call, found in the exit reason of the process that
// ran it.
func outcome(result etf.Ref, reason etf.Term) (etf.Term, error) {
	t, ok := reason.(etf.Tuple)
	switch {
	case reason == etf.Term(atomNoconnection):
		return nil, ErrNoConnection
	case isErpcError(reason):
		return nil, &RemoteError{Class: ClassError, Reason: reason}
	case !ok || len(t) < 3 || t[0] != etf.Term(result):
		return nil, &RemoteError{Class: ClassExit, Reason: etf.Tuple{atomSignal, reason}}
	case t[1] == etf.Term(atomReturn) && len(t) == 3:
		return t[2], nil
	case t[1] == etf.Term(atomThrow):
		return nil, &RemoteError{Class: ClassThrow, Reason: t[2]}
	case t[1] == etf.Term(atomExit):
		return nil, &RemoteError{Class: ClassExit, Reason: t[2]}
	case t[1] == etf.Term(atomError) && len(t) == 4:
		return nil, &RemoteError{Class: ClassError, Reason: t[2], Stack: t[3]}
	case t[1] == etf.Term(atomError):
		return nil, &RemoteError{Class: ClassError, Reason: t[2]}
	}
	return nil, fmt.Errorf("%w: %s", ErrBadAnswer, etf.String(reason))
}

// Multicall calls all peers at once; each has until ctx's deadline,
// DefaultTimeout without one. Results come in the order of peers.
func (n *Node) Multicall(ctx context.Context, peers []string, module, function string, args ...etf.Term) []Result {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	return n.each(peers, "multicall", func(peer string) (etf.Term, error) {
		return n.Call(ctx, peer, module, function, args...)
	})
}

// Cast is erpc:cast: it asks for the call and does not wait for it. Errors are
// those of making the link and of sending.
func (n *Node) Cast(ctx context.Context, peer, module, function string, args ...etf.Term) error {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	l, err := n.route(ctx, etf.Atom(peer), true)
	if err == nil {
		err = l.send(ctx, dist.SigSpawnRequest{
			ReqID: n.ids.ref(), From: n.client.pid, GroupLeader: n.client.pid,
			Module: atomErpc, Function: atomExecuteCast, Arity: 3,
			Opts: etf.List{},
			Args: etf.List{etf.Atom(module), etf.Atom(function), etf.List(args)},
		})
	}
	if err != nil {
		return fmt.Errorf("cast %s:%s/%d to %s: %w", module, function, len(args), peer, err)
	}
	return nil
}
