package pg

import "github.com/fjord-media/fjord/node/etf"

// group is the members of one group, in no order, each as often as it joined.
type group struct {
	key    string
	term   etf.Term
	local  []etf.Pid
	remote map[etf.Pid][]etf.Pid // by the peer that announced them
}

// need returns a group, made when there is none. Call with mu held.
func (s *Scope) need(key string, term etf.Term) *group {
	g := s.groups[key]
	if g == nil {
		g = &group{key: key, term: term, remote: map[etf.Pid][]etf.Pid{}}
		s.groups[key] = g
	}
	return g
}

// tidy forgets a group that has no members. Call with mu held.
func (s *Scope) tidy(g *group) {
	if len(g.local) == 0 && len(g.remote) == 0 {
		delete(s.groups, g.key)
	}
}

// all lists the members of all nodes.
func (g *group) all() []etf.Pid {
	list := make([]etf.Pid, 0, len(g.local)+len(g.remote))
	list = append(list, g.local...)
	for _, pids := range g.remote {
		list = append(list, pids...)
	}
	return list
}

// Group is a group and its members.
type Group struct {
	Name    etf.Term
	Members []etf.Pid
}

// Members lists the members of a group on all nodes, each as often as it
// joined, in no particular order: pg:get_members.
func (s *Scope) Members(name etf.Term) []etf.Pid {
	return s.look(name, (*group).all)
}

// LocalMembers lists the members of this node: pg:get_local_members.
func (s *Scope) LocalMembers(name etf.Term) []etf.Pid {
	return s.look(name, func(g *group) []etf.Pid { return append([]etf.Pid(nil), g.local...) })
}

func (s *Scope) look(name etf.Term, list func(*group) []etf.Pid) []etf.Pid {
	key, err := keyOf(name)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[key]; g != nil {
		return list(g)
	}
	return nil
}

// Groups lists the groups that have members, in no particular order:
// pg:which_groups.
func (s *Scope) Groups() []etf.Term {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]etf.Term, 0, len(s.groups))
	for _, g := range s.groups {
		list = append(list, g.term)
	}
	return list
}

// snapshot is all groups with their members. Call with mu held.
func (s *Scope) snapshot() []Group {
	list := make([]Group, 0, len(s.groups))
	for _, g := range s.groups {
		list = append(list, Group{Name: g.term, Members: g.all()})
	}
	return list
}
