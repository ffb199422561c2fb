package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// PostMonitor is Monitor for callbacks: it never blocks and makes no link. The
// error wraps ErrNoConnection when there is no link.
func (p *Process) PostMonitor(what etf.Term) (etf.Ref, error) {
	ref, err := p.postMonitor(what)
	if err != nil {
		return etf.Ref{}, fmt.Errorf("monitor %s: %w", etf.String(what), err)
	}
	return ref, nil
}

func (p *Process) postMonitor(what etf.Term) (etf.Ref, error) {
	to, where, err := monitorTarget(what)
	if err != nil {
		return etf.Ref{}, err
	}
	l, err := p.node.route(context.Background(), where, false)
	if err != nil {
		return etf.Ref{}, err
	}
	ref := p.node.ids.ref()
	if err := p.node.addMonitor(p, ref, monitor{link: l, what: what, to: to}); err != nil {
		return etf.Ref{}, err
	}
	l.post(dist.SigMonitor{From: p.pid, To: to, Ref: ref})
	return ref, nil
}
