package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// Send sends a message to a pid, a Ref (alias), a Tuple{name, node} or, on this
// node, an Atom (name). Without a link one is made. It blocks while the link is
// busy. A message to a process that does not exist is lost without an error.
//
// Errors: ErrNoConnection, ErrBadTarget, ctx's, and those of encoding, which
// leave the link as it is.
func (p *Process) Send(ctx context.Context, to, msg etf.Term) error {
	patient := newPatience(ctx)
	defer patient.end()
	if err := p.node.sendFrom(patient, p.pid, to, msg); err != nil {
		return fmt.Errorf("send to %s: %w", etf.String(to), err)
	}
	return nil
}

func (n *Node) sendFrom(ctx context.Context, from etf.Pid, to, msg etf.Term) error {
	where, sig, err := n.addressed(from, to, msg)
	if err != nil {
		return err
	}
	l, err := n.route(ctx, where, true)
	if err != nil {
		return err
	}
	return l.send(ctx, sig)
}

// Post is Send for callbacks: it never blocks and makes no link. The message is
// queued; ErrBusy means that too much is, ErrNoConnection that there is no link.
func (p *Process) Post(to, msg etf.Term) error {
	if err := p.node.postFrom(p.pid, to, msg); err != nil {
		return fmt.Errorf("post to %s: %w", etf.String(to), err)
	}
	return nil
}

func (n *Node) postFrom(from etf.Pid, to, msg etf.Term) error {
	return n.postVia(n.present, from, to, msg)
}

// present is the way to a node that needs no dialling.
func (n *Node) present(where etf.Atom) (*link, error) {
	return n.route(context.Background(), where, false)
}

func (n *Node) postVia(way func(where etf.Atom) (*link, error), from etf.Pid, to, msg etf.Term) error {
	where, sig, err := n.addressed(from, to, msg)
	if err != nil {
		return err
	}
	l, err := way(where)
	if err != nil {
		return err
	}
	if l.out.full() {
		return ErrBusy
	}
	l.post(sig)
	return nil
}

// addressed makes the signal for a message and says which node it goes to.
func (n *Node) addressed(from etf.Pid, to, msg etf.Term) (etf.Atom, dist.Signal, error) {
	switch t := to.(type) {
	case etf.Pid:
		return t.Node, dist.SigSend{From: from, To: t, Message: msg}, nil
	case etf.Ref:
		return t.Node, dist.SigAliasSend{From: from, To: t, Message: msg}, nil
	case etf.Atom:
		return n.ids.node, dist.SigRegSend{From: from, To: t, Message: msg}, nil
	}
	if name, where, ok := nameOnNode(to); ok {
		return where, dist.SigRegSend{From: from, To: name, Message: msg}, nil
	}
	return "", nil, ErrBadTarget
}

// ExitProcess sends an exit signal to a pid, as erlang:exit(Pid, Reason). Errors
// are those of Send.
func (p *Process) ExitProcess(ctx context.Context, to etf.Pid, reason etf.Term) error {
	patient := newPatience(ctx)
	defer patient.end()
	l, err := p.node.route(patient, to.Node, true)
	if err == nil {
		err = l.send(patient, dist.SigExit2{From: p.pid, To: to, Reason: reason})
	}
	if err != nil {
		return fmt.Errorf("exit %s: %w", etf.String(to), err)
	}
	return nil
}
