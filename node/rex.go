package node

import (
	"context"

	"github.com/fjord-media/fjord/node/etf"
)

// startRex spawns rex, the server of rpc. Nodes since OTP 23 only ask it for
// features; older ones and libraries call through it.
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
	if !ok || len(t) != 2 || t[1] != etf.Term(etf.Atom("features_request")) {
		return
	}
	if pid, ok := t[0].(etf.Pid); ok {
		// An error means that nobody is there any more to be answered.
		_ = p.Post(pid, etf.Tuple{etf.Atom("features_reply"), n.ids.node, etf.List{atomErpc}})
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
