package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// SendNoConnect is Send that makes no link, as erlang:send(To, Msg, [noconnect]):
// without one it fails with ErrNoConnection. When it fails with ctx's error
// nothing was sent, and the same message may be tried again.
func (p *Process) SendNoConnect(ctx context.Context, to, msg etf.Term) error {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	where, sig, err := p.node.addressed(p.pid, to, msg)
	if err == nil {
		var l *link
		if l, err = p.node.route(ctx, where, false); err == nil {
			err = l.send(ctx, sig)
		}
	}
	if err != nil {
		return fmt.Errorf("send to %s: %w", etf.String(to), err)
	}
	return nil
}

// PostMonitor is Monitor for callbacks: it never blocks and makes no link.
// Errors: ErrNoConnection, ErrBusy (too much is queued to that node), ErrNoProc
// (p has ended), ErrBadTarget; then there is no monitor.
func (p *Process) PostMonitor(what etf.Term) (etf.Ref, error) {
	return p.monitorVia(p.node.present, what)
}

func (p *Process) monitorVia(way func(where etf.Atom) (*link, error), what etf.Term) (etf.Ref, error) {
	ref, err := p.postMonitor(way, what)
	if err != nil {
		return etf.Ref{}, fmt.Errorf("monitor %s: %w", etf.String(what), err)
	}
	return ref, nil
}

func (p *Process) postMonitor(way func(where etf.Atom) (*link, error), what etf.Term) (etf.Ref, error) {
	to, where, err := monitorTarget(what)
	if err != nil {
		return etf.Ref{}, err
	}
	l, err := way(where)
	switch {
	case err != nil:
		return etf.Ref{}, err
	case l.out.full():
		return etf.Ref{}, ErrBusy
	}
	ref := p.node.ids.ref()
	if err := p.node.addMonitor(p, ref, monitor{link: l, what: what, to: to}); err != nil {
		return etf.Ref{}, err
	}
	l.post(dist.SigMonitor{From: p.pid, To: to, Ref: ref})
	return ref, nil
}

// Hidden says whether this is a hidden node: see Options.Hidden.
func (n *Node) Hidden() bool { return n.opts.Hidden }
