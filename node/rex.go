package node

import (
	"context"

	"github.com/fjord-media/fjord/node/etf"
)

// startRex spawns rex, the server of rpc. Nodes since OTP 23 ask it for features
// and for little else; older ones, libraries and programs in C call through it.
func (n *Node) startRex() error {
	var p *Process
	p, err := n.Spawn(string(atomRex), Callbacks{
		Message: func(m Message) { n.rexMessage(p, m) },
		Exit:    func(etf.Pid, etf.Term) {}, // nobody may end it
	})
	return err
}

func (n *Node) rexMessage(p *Process, m Message) {
	if r, ok := ParseGen(m.Term); ok {
		n.rexRequest(p, r)
		return
	}
	t, ok := m.Term.(etf.Tuple)
	if !ok || len(t) != 2 {
		return
	}
	from, ok := t[0].(etf.Pid)
	if !ok {
		return
	}
	if t[1] == etf.Term(etf.Atom("features_request")) {
		// An error means that nobody is there any more to be answered.
		_ = p.Post(from, etf.Tuple{etf.Atom("features_reply"), n.ids.node, etf.List{atomErpc}})
		return
	}
	n.rexPlain(p, from, t[1])
}

// rexPlain serves requests that come as plain messages {Pid, Request}: {call, M, F,
// A, GroupLeader} of programs in C (erl_call, ei_rpc), answered {rex, Result};
// {sbcast, Name, Message} of rpc:sbcast, which waits for an answer without end; and
// {send, Name, Message}, which the named process answers.
func (n *Node) rexPlain(p *Process, from etf.Pid, request etf.Term) {
	t, ok := request.(etf.Tuple)
	if ok && len(t) == 5 && t[0] == etf.Term(atomCall) {
		n.rexRequest(p, GenRequest{From: from, Tag: atomRex, Request: t})
		return
	}
	if !ok || len(t) != 3 {
		return
	}
	name, ok := t[1].(etf.Atom)
	if !ok || n.procs.named(name) == nil {
		// Fails, as below, only when nobody is there any more to be answered.
		_ = p.Post(from, etf.Tuple{atomRex, n.ids.node, etf.Tuple{etf.Atom("nonexisting_name"), t[1]}})
		return
	}
	switch t[0] {
	case etf.Term(etf.Atom("sbcast")):
		_ = p.Post(name, t[2]) // a process of ours: it takes it or has ended
		_ = p.Post(from, etf.Tuple{atomRex, n.ids.node, n.ids.node})
	case etf.Term(etf.Atom("send")):
		_ = p.Post(name, etf.Tuple{from, t[2]})
	}
}

// rexRequest serves {call | block_call | cast | block_cast, M, F, A, GroupLeader}.
func (n *Node) rexRequest(p *Process, r GenRequest) {
	t, ok := r.Request.(etf.Tuple)
	if !ok || len(t) != 5 {
		_ = p.PostReply(r, badrpc(&RemoteError{Class: ClassExit, Reason: atomBadarg})) // fails only without a link
		return
	}
	module, function, args := erpcTarget(etf.List(t[1:4]))
	m := mfa{module, function, len(args)}
	fn := n.functions.find(m)
	l, err := n.route(context.Background(), r.origin(n), false)
	switch {
	case err != nil:
	case fn == nil:
		_ = p.PostReply(r, badrpc(undef(module, function, args))) // fails only without a link
	case !n.calls.enter(l):
		_ = p.PostReply(r, etf.Tuple{atomBadrpc, atomSystemLimit}) // fails only without a link
	default:
		n.rexRun(p, r, l, m, fn, args)
	}
}

// origin is the node of the caller; for a cast nobody says, so it counts as ours.
func (r GenRequest) origin(n *Node) etf.Atom {
	if r.Cast {
		return n.ids.node
	}
	return r.From.Node
}

func (n *Node) rexRun(p *Process, r GenRequest, l *link, m mfa, fn *listed, args etf.List) {
	ok := n.group.Go("rex call", func(ctx context.Context) error {
		defer n.calls.leave(l)
		value, err := n.invoke(ctx, m, fn.run, Caller{Node: string(r.From.Node), Pid: r.From}, args)
		if err != nil {
			value = badrpc(remoteError(m, err))
		}
		if err := p.Reply(ctx, r, value); err != nil {
			_ = p.PostReply(r, etf.Tuple{atomBadrpc, etf.Atom("unencodable")}) // fails only without a link
		}
		return nil
	})
	if !ok {
		n.calls.leave(l)
	}
}

// badrpc is what rpc:call returns for a function that did not return. A thrown
// value is the result, as rpc has it.
func badrpc(err *RemoteError) etf.Term {
	switch err.Class {
	case ClassThrow:
		return err.Reason
	case ClassExit:
		return etf.Tuple{atomBadrpc, etf.Tuple{atomExitUpper, err.Reason}}
	}
	return etf.Tuple{atomBadrpc, etf.Tuple{atomExitUpper, etf.Tuple{err.Reason, stackOf(err)}}}
}
