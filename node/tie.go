package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// tie is one end of a link between two processes (OTP, Distribution Protocol,
// "Link Protocol"). It is called tie here since a link is a connection.
type tie struct {
	link    *link
	active  bool
	pending uint64 // id of our unlink that is not acknowledged yet; 0 for none
}

// tieKey names a tie of a link.
type tieKey struct {
	process *Process
	other   etf.Pid
}

// Link links the process to another, as erlang:link: when one ends, the other
// gets an exit signal. A process that does not exist gives an exit signal with
// noproc, a lost connection one with noconnection. The error wraps
// ErrNoConnection when there is no link to the node and none can be made.
func (p *Process) Link(ctx context.Context, other etf.Pid) error {
	if keyOf(other) == keyOf(p.pid) && other.Node == p.pid.Node {
		return nil
	}
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	l, err := p.node.route(ctx, other.Node, true)
	if err != nil {
		return fmt.Errorf("link to %s: %w", etf.String(other), err)
	}
	news, err := p.node.tieUp(p, l, other)
	if err != nil || !news {
		return err
	}
	if err := l.send(ctx, dist.SigLink{From: p.pid, To: other}); err != nil {
		p.node.untie(p, other)
		return fmt.Errorf("link to %s: %w", etf.String(other), err)
	}
	return nil
}

// Unlink removes a link, as erlang:unlink. Exit is not called for it any more,
// unless it runs now.
func (p *Process) Unlink(other etf.Pid) {
	n := p.node
	n.relations.Lock()
	t := p.ties[other]
	if t == nil || !t.active {
		n.relations.Unlock()
		return
	}
	l, id := t.link, uint64(0)
	t.active = false
	if l.has(dist.UnlinkID) {
		id = n.ids.unlink()
		t.pending = id
	} else {
		n.dropTie(p, other)
	}
	n.relations.Unlock()
	if id == 0 {
		l.post(dist.SigUnlink{From: p.pid, To: other})
		return
	}
	l.post(dist.SigUnlinkID{ID: id, From: p.pid, To: other})
}

// tieUp makes our side of a link active. It says whether that is news.
func (n *Node) tieUp(p *Process, l *link, other etf.Pid) (bool, error) {
	n.relations.Lock()
	defer n.relations.Unlock()
	switch {
	case l.closed:
		return false, ErrNoConnection
	case p.ended:
		return false, ErrNoProc
	}
	t := n.tie(p, l, other)
	news := !t.active
	t.active = true
	return news, nil
}

// tie returns the tie of p to other, made when there is none. Call with
// relations held.
func (n *Node) tie(p *Process, l *link, other etf.Pid) *tie {
	t := p.ties[other]
	if t == nil {
		t = &tie{link: l}
		if p.ties == nil {
			p.ties = map[etf.Pid]*tie{}
		}
		p.ties[other] = t
		l.tied[tieKey{p, other}] = struct{}{}
	}
	return t
}

// dropTie forgets a tie. Call with relations held.
func (n *Node) dropTie(p *Process, other etf.Pid) {
	if t := p.ties[other]; t != nil {
		delete(t.link.tied, tieKey{p, other})
		delete(p.ties, other)
	}
}

// untie takes an active tie off; it says whether there was one.
func (n *Node) untie(p *Process, other etf.Pid) bool {
	n.relations.Lock()
	defer n.relations.Unlock()
	t := p.ties[other]
	if t == nil || !t.active {
		return false
	}
	if t.active = false; t.pending == 0 {
		n.dropTie(p, other)
	}
	return true
}

// onLink serves LINK.
func (n *Node) onLink(l *link, s dist.SigLink) {
	p := n.process(s.To)
	if p == nil || !n.linkedBy(p, l, s.From) {
		l.post(dist.SigExit{From: s.To, To: s.From, Reason: atomNoproc})
	}
}

// linkedBy makes the tie that the other side asked for. While our unlink is on
// its way it is not made: the other side takes the link off when that arrives.
// It says no when p has ended.
func (n *Node) linkedBy(p *Process, l *link, other etf.Pid) bool {
	n.relations.Lock()
	defer n.relations.Unlock()
	if p.ended {
		return false
	}
	if l.closed {
		return true // nobody is left to be linked with
	}
	if t := n.tie(p, l, other); t.pending == 0 {
		t.active = true
	}
	return true
}

// onUnlinkID serves UNLINK_ID, which is acknowledged whatever there was.
func (n *Node) onUnlinkID(l *link, s dist.SigUnlinkID) {
	if p := n.process(s.To); p != nil {
		n.untie(p, s.From)
	}
	l.post(dist.SigUnlinkIDAck{ID: s.ID, From: s.To, To: s.From})
}

// onUnlink serves the old UNLINK.
func (n *Node) onUnlink(_ *link, s dist.SigUnlink) {
	if p := n.process(s.To); p != nil {
		n.untie(p, s.From)
	}
}

// onUnlinkAck serves UNLINK_ID_ACK.
func (n *Node) onUnlinkAck(_ *link, s dist.SigUnlinkIDAck) {
	p := n.process(s.To)
	if p == nil {
		return
	}
	n.relations.Lock()
	defer n.relations.Unlock()
	t := p.ties[s.From]
	if t == nil || t.pending != s.ID {
		return
	}
	if t.pending = 0; !t.active {
		n.dropTie(p, s.From)
	}
}

// onExit serves EXIT: a linked process has ended.
func (n *Node) onExit(_ *link, s dist.SigExit) {
	p := n.process(s.To)
	if p == nil || !n.untie(p, s.From) {
		return // unlinked meanwhile
	}
	p.exit(s.From, exitReason(s.Reason, s.BadPayload))
}

// onExit2 serves EXIT2: exit(Pid, Reason).
func (n *Node) onExit2(_ *link, s dist.SigExit2) {
	if p := n.process(s.To); p != nil {
		p.exit(s.From, exitReason(s.Reason, s.BadPayload))
	}
}

// buryTies takes all links of p off and returns whom to tell. Call with
// relations held.
func (n *Node) buryTies(p *Process, reason etf.Term) []outgoing {
	var out []outgoing
	for other, t := range p.ties {
		delete(t.link.tied, tieKey{p, other})
		if t.active {
			out = append(out, outgoing{t.link, dist.SigExit{From: p.pid, To: other, Reason: reason}})
		}
	}
	return out
}
