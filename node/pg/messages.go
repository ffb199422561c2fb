package pg

import (
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// handler serves one kind of message: {Tag, PeerPid, …}.
type handler struct {
	least, most int // elements of the tuple
	serve       func(s *Scope, from etf.Pid, args etf.Tuple)
}

// handlerOf is the protocol between scopes.
func handlerOf(tag etf.Atom) (handler, bool) {
	switch tag {
	case atomDiscover:
		return handler{2, 3, (*Scope).onDiscover}, true
	case atomSync:
		return handler{3, 3, (*Scope).onSync}, true
	case atomJoin:
		return handler{4, 4, (*Scope).onJoin}, true
	case atomLeave:
		return handler{4, 4, (*Scope).onLeave}, true
	}
	return handler{}, false
}

// message serves whatever arrives at the scope's process.
func (s *Scope) message(m node.Message) {
	msg := m.Term
	if r, ok := node.ParseGen(msg); ok {
		if !r.Cast {
			s.call(r)
			return
		}
		msg = r.Request
	}
	t, ok := msg.(etf.Tuple)
	if !ok || len(t) < 2 {
		return
	}
	tag, okTag := t[0].(etf.Atom)
	from, okFrom := t[1].(etf.Pid)
	h, known := handlerOf(tag)
	if !okTag || !okFrom || !known || len(t) < h.least || len(t) > h.most {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || from.Node == s.self {
		return // nobody on this node speaks so
	}
	h.serve(s, from, t[2:])
}

// onDiscover serves {discover, Peer} and {discover, Peer, Version}: it wants our
// members, and to be known.
func (s *Scope) onDiscover(from etf.Pid, _ etf.Tuple) {
	p := s.peers[from]
	known := p != nil
	if !known {
		if p = s.meet(from); p == nil {
			return
		}
	}
	s.sync(p)
	if !known {
		s.greet(p)
	}
}

// onSync serves {sync, Peer, [{Group, Pids}]}: all that the peer has.
func (s *Scope) onSync(from etf.Pid, args etf.Tuple) {
	list, ok := args[0].(etf.List)
	if !ok {
		return
	}
	p := s.peers[from]
	if p == nil {
		if p = s.meet(from); p == nil {
			return
		}
	}
	fresh := map[string]Group{}
	for _, e := range list {
		pair, ok := e.(etf.Tuple)
		if !ok || len(pair) != 2 {
			continue
		}
		key, err := keyOf(pair[0])
		if pids := pidsOf(pair[1], from.Node); err == nil && len(pids) > 0 {
			fresh[key] = Group{Name: pair[0], Members: pids}
		}
	}
	for key := range p.groups {
		if _, stays := fresh[key]; !stays {
			s.setRemote(p, s.groups[key], nil)
		}
	}
	for key, g := range fresh {
		s.setRemote(p, s.need(key, g.Name), g.Members)
	}
}

// onJoin serves {join, Peer, Group, PidOrPids}.
func (s *Scope) onJoin(from etf.Pid, args etf.Tuple) {
	p := s.peers[from]
	key, err := keyOf(args[0])
	pids := pidsOf(args[1], from.Node)
	if p == nil || err != nil || len(pids) == 0 {
		return
	}
	g := s.need(key, args[0])
	g.remote[p.pid] = append(g.remote[p.pid], pids...)
	p.groups[key] = struct{}{}
	s.tell(g, true, pids)
}

// onLeave serves {leave, Peer, PidOrPids, Groups}; a group that is listed twice
// is left twice.
func (s *Scope) onLeave(from etf.Pid, args etf.Tuple) {
	p := s.peers[from]
	pids := pidsOf(args[0], from.Node)
	list, ok := args[1].(etf.List)
	if p == nil || !ok {
		return
	}
	for _, name := range list {
		key, err := keyOf(name)
		if g := s.groups[key]; err == nil && g != nil {
			rest, _ := without(g.remote[p.pid], pids)
			s.setRemote(p, g, rest)
		}
	}
}
