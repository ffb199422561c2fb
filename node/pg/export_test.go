package pg

import (
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Owed says whether some peer could not be told something yet.
func Owed(s *Scope) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.peers {
		if p.owesMonitor || p.owesSync || p.owesDiscover {
			return true
		}
	}
	return false
}

// Deliver gives a scope a message as if it had arrived.
func Deliver(s *Scope, from etf.Pid, msg etf.Term) { s.message(node.Message{From: from, Term: msg}) }

// Check says what is wrong with the state of a scope.
func Check(s *Scope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, g := range s.groups {
		if g.key != key || len(g.local)+len(g.remote) == 0 {
			return fmt.Errorf("group %q is empty or has another key", key)
		}
		for pid, members := range g.remote {
			p := s.peers[pid]
			if _, ok := p.groups[key]; !ok || len(members) == 0 {
				return fmt.Errorf("group %q: peer %v", key, pid)
			}
			if slices.ContainsFunc(members, func(m etf.Pid) bool { return m.Node != pid.Node }) {
				return fmt.Errorf("group %q: %v of %v", key, members, pid)
			}
		}
		for _, pid := range g.local {
			if m := s.members[pid]; m == nil || !slices.Contains(m.groups, key) {
				return fmt.Errorf("group %q: %v is no member", key, pid)
			}
		}
	}
	for pid, p := range s.peers {
		for key := range p.groups {
			if g := s.groups[key]; g == nil || len(g.remote[pid]) == 0 {
				return fmt.Errorf("peer %v: group %q", pid, key)
			}
		}
	}
	return nil
}
