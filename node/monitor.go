package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// watcher is somebody who monitors one of our processes.
type watcher struct {
	link  *link
	by    etf.Pid
	named etf.Term // the pid or the name that the monitor named, echoed in DOWN
}

// monitor is one of our processes watching another.
type monitor struct {
	link *link
	what etf.Term // as the process named it
	to   etf.Term // as the signal names it: pid or name; nil while unknown
}

// Monitor watches a pid or Tuple{name, node}, as erlang:monitor. Down is called
// once: when it ends, with noproc when it does not exist, with noconnection when
// the link is lost. Without a link one is made; when that fails there is no
// monitor, and the error wraps ErrNoConnection.
func (p *Process) Monitor(ctx context.Context, what etf.Term) (etf.Ref, error) {
	to, where, err := monitorTarget(what)
	if err != nil {
		return etf.Ref{}, fmt.Errorf("monitor %s: %w", etf.String(what), err)
	}
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	l, err := p.node.route(ctx, where, true)
	if err != nil {
		return etf.Ref{}, fmt.Errorf("monitor %s: %w", etf.String(what), err)
	}
	ref := p.node.ids.ref()
	if err := p.monitorBy(ctx, l.send, ref, monitor{link: l, what: what, to: to}); err != nil {
		return etf.Ref{}, fmt.Errorf("monitor %s: %w", etf.String(what), err)
	}
	return ref, nil
}

// monitorTarget splits what a monitor names into what the signal names and the
// node it goes to.
func monitorTarget(what etf.Term) (to etf.Term, where etf.Atom, err error) {
	if pid, ok := what.(etf.Pid); ok {
		return pid, pid.Node, nil
	}
	if name, where, ok := nameOnNode(what); ok {
		return name, where, nil
	}
	return nil, "", ErrBadTarget
}

func (p *Process) monitorBy(ctx context.Context, send func(context.Context, dist.Signal) error, ref etf.Ref, m monitor) error {
	if err := p.node.addMonitor(p, ref, m); err != nil {
		return err
	}
	if err := send(ctx, dist.SigMonitor{From: p.pid, To: m.to, Ref: ref}); err != nil {
		p.node.takeMonitor(p, ref)
		return err
	}
	return nil
}

// Demonitor stops a monitor. Down is not called any more, unless it runs now.
func (p *Process) Demonitor(ref etf.Ref) {
	if m, ok := p.node.takeMonitor(p, ref); ok && m.to != nil {
		m.link.post(dist.SigDemonitor{From: p.pid, To: m.to, Ref: ref})
	}
}

// addMonitor notes a monitor of p, so that the end of its link is told.
func (n *Node) addMonitor(p *Process, ref etf.Ref, m monitor) error {
	n.relations.Lock()
	defer n.relations.Unlock()
	switch {
	case m.link.closed:
		return ErrNoConnection
	case p.ended:
		return ErrNoProc
	}
	if p.monitors == nil {
		p.monitors = map[etf.Ref]monitor{}
	}
	p.monitors[ref] = m
	m.link.watching[ref] = p
	return nil
}

// takeMonitor removes a monitor; whoever gets it may use it up.
func (n *Node) takeMonitor(p *Process, ref etf.Ref) (monitor, bool) {
	n.relations.Lock()
	defer n.relations.Unlock()
	m, ok := p.monitors[ref]
	if ok {
		delete(p.monitors, ref)
		delete(m.link.watching, ref)
	}
	return m, ok
}

// nameMonitored notes the pid behind a monitor that did not know it yet. It says
// no when the monitor is gone.
func (n *Node) nameMonitored(p *Process, ref etf.Ref, pid etf.Pid) bool {
	n.relations.Lock()
	defer n.relations.Unlock()
	m, ok := p.monitors[ref]
	if ok {
		m.to = pid
		p.monitors[ref] = m
	}
	return ok
}

// onMonitor serves MONITOR_P.
func (n *Node) onMonitor(l *link, s dist.SigMonitor) {
	if p := n.target(s.To); p == nil || !n.addWatcher(p, s.Ref, watcher{link: l, by: s.From, named: s.To}) {
		l.post(dist.SigMonitorExit{From: s.To, To: s.From, Ref: s.Ref, Reason: atomNoproc})
	}
}

// addWatcher notes who monitors p. It says no when p has ended.
func (n *Node) addWatcher(p *Process, ref etf.Ref, w watcher) bool {
	n.relations.Lock()
	defer n.relations.Unlock()
	if p.ended {
		return false
	}
	if w.link.closed {
		return true // nobody is left to tell
	}
	if p.watchers == nil {
		p.watchers = map[etf.Ref]watcher{}
	}
	p.watchers[ref] = w
	w.link.watched[ref] = p
	return true
}

// takeWatcher removes a watcher that came over l.
func (n *Node) takeWatcher(l *link, ref etf.Ref) (*Process, watcher, bool) {
	n.relations.Lock()
	defer n.relations.Unlock()
	p := l.watched[ref]
	if p == nil {
		return nil, watcher{}, false
	}
	w := p.watchers[ref]
	delete(l.watched, ref)
	delete(p.watchers, ref)
	return p, w, true
}

// onDemonitor serves DEMONITOR_P.
func (n *Node) onDemonitor(l *link, s dist.SigDemonitor) {
	if p, _, ok := n.takeWatcher(l, s.Ref); ok {
		p.unwatched(s.Ref)
	}
}

// onMonitorExit serves MONITOR_P_EXIT: something we monitor has ended.
func (n *Node) onMonitorExit(l *link, s dist.SigMonitorExit) {
	n.relations.Lock()
	p := l.watching[s.Ref]
	n.relations.Unlock()
	if p == nil || keyOf(p.pid) != keyOf(s.To) {
		return // demonitored meanwhile
	}
	if m, ok := n.takeMonitor(p, s.Ref); ok {
		p.down(s.Ref, m.what, exitReason(s.Reason, s.BadPayload))
	}
}

// exitReason stands in for a reason that could not be decoded.
func exitReason(reason etf.Term, bad bool) etf.Term {
	if bad {
		return etf.Atom("undecodable")
	}
	return reason
}

// buryMonitors takes all monitors of and by p off and returns whom to tell.
// Call with relations held.
func (n *Node) buryMonitors(p *Process, reason etf.Term) []outgoing {
	var out []outgoing
	for ref, w := range p.watchers {
		delete(w.link.watched, ref)
		out = append(out, outgoing{w.link, dist.SigMonitorExit{From: w.named, To: w.by, Ref: ref, Reason: reason}})
	}
	for ref, m := range p.monitors {
		delete(m.link.watching, ref)
		if m.to != nil {
			out = append(out, outgoing{m.link, dist.SigDemonitor{From: p.pid, To: m.to, Ref: ref}})
		}
	}
	return out
}
