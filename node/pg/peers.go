package pg

import (
	"context"
	"errors"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// retryEvery is how often a peer whose queue was full is tried again.
const retryEvery = 250 * time.Millisecond

// peer is the scope of our name on another node. Guarded by Scope.mu.
type peer struct {
	pid    etf.Pid
	ref    etf.Ref // our monitor of it
	groups map[string]struct{}

	// synced: it has all our members, so changes may be told. Without it a leave
	// would name what the peer does not know, on which OTP's scope ends.
	synced bool
	// What could not be sent because its queue was full.
	owesMonitor, owesSync, owesDiscover bool
}

// onNode greets the scope of a node that has connected. Hidden nodes have no
// part in pg.
func (s *Scope) onNode(e node.NodeEvent) {
	if !e.Up || e.Hidden || s.node.Hidden() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		// Should it fail, the peer's own discover brings us together.
		_ = s.proc.Post(etf.Tuple{s.name, etf.Atom(e.Node)}, s.discover())
	}
}

// discover is the message that makes us known; only this form suits all
// releases.
func (s *Scope) discover() etf.Term { return etf.Tuple{atomDiscover, s.Pid()} }

// meet adds a peer; nil when its link is gone. Call with mu held.
func (s *Scope) meet(pid etf.Pid) *peer {
	p := &peer{pid: pid, groups: map[string]struct{}{}}
	if !s.watchPeer(p) {
		return nil
	}
	s.peers[pid] = p
	return p
}

// watchPeer monitors a peer; false: its link is gone. Call with mu held.
func (s *Scope) watchPeer(p *peer) bool {
	ref, err := s.proc.PostMonitor(p.pid)
	if p.owesMonitor = s.busy(p, err); p.owesMonitor {
		return true
	}
	if err != nil {
		return false
	}
	p.ref = ref
	s.refs[ref] = p
	return true
}

// peerDown forgets a peer and its members. Call with mu held.
func (s *Scope) peerDown(p *peer) {
	delete(s.peers, p.pid)
	for key := range p.groups {
		s.setRemote(p, s.groups[key], nil)
	}
}

// setRemote replaces what a peer has in a group, and tells of the difference.
// Call with mu held.
func (s *Scope) setRemote(p *peer, g *group, pids []etf.Pid) {
	left, _ := without(g.remote[p.pid], pids)
	joined, _ := without(pids, g.remote[p.pid])
	if len(pids) == 0 {
		delete(g.remote, p.pid)
		delete(p.groups, g.key)
	} else {
		g.remote[p.pid] = pids
		p.groups[g.key] = struct{}{}
	}
	s.tell(g, false, left)
	s.tell(g, true, joined)
	s.tidy(g)
}

// broadcast tells all peers of a change. Call with mu held.
func (s *Scope) broadcast(msg etf.Term) {
	for _, p := range s.peers {
		if !p.synced {
			continue // a sync is to come
		}
		if s.busy(p, s.proc.Post(p.pid, msg)) {
			p.synced, p.owesSync = false, true
		}
	}
}

// sync sends a peer all our members. Call with mu held.
func (s *Scope) sync(p *peer) {
	msg := etf.Tuple{atomGenCast, etf.Tuple{atomSync, s.Pid(), s.localGroups()}}
	p.owesSync = s.busy(p, s.proc.Post(p.pid, msg))
	p.synced = !p.owesSync
}

// greet makes us known to a peer. Call with mu held.
func (s *Scope) greet(p *peer) {
	p.owesDiscover = s.busy(p, s.proc.Post(p.pid, s.discover()))
}

// busy says whether a post failed because too much is queued; then it is tried
// again later. Other errors mean that the link is gone, and the peer with it.
func (s *Scope) busy(p *peer, err error) bool {
	if !errors.Is(err, node.ErrBusy) {
		return false
	}
	if !p.owesMonitor && !p.owesSync && !p.owesDiscover {
		s.log.Warn("a peer of the pg scope does not read; it will be told later", "scope", s.name, "node", p.pid.Node)
	}
	select {
	case s.arrears <- struct{}{}:
	default:
	}
	return true
}

// settle gives peers what they are owed.
func (s *Scope) settle(ctx context.Context) error {
	for {
		select {
		case <-s.arrears:
		case <-ctx.Done():
			return nil
		}
		select { // its queue needs time to empty
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return nil
		}
		s.retry()
	}
}

func (s *Scope) retry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.peers {
		if p.owesMonitor && !s.watchPeer(p) {
			s.peerDown(p)
			continue
		}
		if p.owesSync {
			s.sync(p)
		}
		if p.owesDiscover {
			s.greet(p)
		}
	}
}

// Peers lists the nodes on which there is a scope of this name, in no particular
// order.
func (s *Scope) Peers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.peers))
	for pid := range s.peers {
		names = append(names, string(pid.Node))
	}
	return names
}
