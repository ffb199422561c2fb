package pg

import (
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

// member is a local process that is in some group. Guarded by Scope.mu.
type member struct {
	pid    etf.Pid
	ref    etf.Ref  // our monitor of it
	groups []string // keys, each as often as it joined
}

// Join puts processes of this node into a group, a pid that is given twice
// twice. A process that has ended leaves at once.
//
// Errors: ErrNotLocal, ErrBadGroup, ErrStopped; node.ErrBusy when the node's own
// queue of signals is full. Then nobody has joined.
func (s *Scope) Join(name etf.Term, pids ...etf.Pid) error {
	term, key, err := frozen(name)
	if err == nil {
		err = s.checkLocal(pids)
	}
	if err == nil {
		s.mu.Lock()
		err = s.join(key, term, pids)
		s.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("join %s in %s: %w", etf.String(name), s.name, err)
	}
	return nil
}

// Leave takes processes of this node out of a group, each once for each time it
// is given. Those that are not in it are passed over.
//
// Errors: ErrNotJoined when that is all of them, ErrNotLocal, ErrBadGroup,
// ErrStopped.
func (s *Scope) Leave(name etf.Term, pids ...etf.Pid) error {
	key, err := keyOf(name)
	if err == nil {
		err = s.checkLocal(pids)
	}
	if err == nil {
		s.mu.Lock()
		err = s.leave(key, pids)
		s.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("leave %s in %s: %w", etf.String(name), s.name, err)
	}
	return nil
}

func (s *Scope) checkLocal(pids []etf.Pid) error {
	for _, pid := range pids {
		if pid.Node != s.self {
			return fmt.Errorf("%s: %w", etf.String(pid), ErrNotLocal)
		}
	}
	return nil
}

// join does Join. Call with mu held.
func (s *Scope) join(key string, term etf.Term, pids []etf.Pid) error {
	switch {
	case s.stopped:
		return ErrStopped
	case len(pids) == 0:
		return nil
	}
	if err := s.watch(pids); err != nil {
		return err
	}
	g := s.need(key, term)
	for _, pid := range pids {
		m := s.members[pid]
		m.groups = append(m.groups, key)
	}
	g.local = append(g.local, pids...)
	s.broadcast(etf.Tuple{atomJoin, s.Pid(), g.term, pidOrPids(pids)})
	s.tell(g, true, pids)
	return nil
}

// watch monitors those processes that are not members yet, all or none. Call
// with mu held.
func (s *Scope) watch(pids []etf.Pid) error {
	var fresh []*member
	for _, pid := range pids {
		if s.members[pid] != nil {
			continue
		}
		ref, err := s.proc.PostMonitor(pid)
		if err != nil {
			for _, m := range fresh {
				s.unwatch(m)
			}
			return err
		}
		m := &member{pid: pid, ref: ref}
		s.members[pid], s.refs[ref] = m, m
		fresh = append(fresh, m)
	}
	return nil
}

// unwatch ends the monitor of a process that is in no group. Call with mu held.
func (s *Scope) unwatch(m *member) {
	s.proc.Demonitor(m.ref)
	delete(s.refs, m.ref)
	delete(s.members, m.pid)
}

// leave does Leave. Call with mu held.
func (s *Scope) leave(key string, pids []etf.Pid) error {
	if s.stopped {
		return ErrStopped
	}
	g := s.groups[key]
	if g == nil {
		return ErrNotJoined
	}
	var taken []etf.Pid
	if g.local, taken = without(g.local, pids); len(taken) == 0 {
		return ErrNotJoined
	}
	for _, pid := range taken {
		m := s.members[pid]
		if m.groups = cut(m.groups, key); len(m.groups) == 0 {
			s.unwatch(m)
		}
		// One at a time: OTP 23 keeps an empty group when a list takes out all
		// members in another order, and ends at the next sync.
		s.broadcast(etf.Tuple{atomLeave, s.Pid(), pid, etf.List{g.term}})
	}
	s.tell(g, false, taken)
	s.tidy(g)
	return nil
}

// cut takes the first key out of list.
func cut(list []string, key string) []string {
	for i, k := range list {
		if k == key {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// memberDown takes a process that has ended out of all groups. Call with mu
// held.
func (s *Scope) memberDown(m *member) {
	delete(s.members, m.pid)
	terms := make(etf.List, 0, len(m.groups))
	for _, key := range m.groups {
		g := s.groups[key]
		terms = append(terms, g.term)
		g.local, _ = without(g.local, []etf.Pid{m.pid})
		s.tell(g, false, []etf.Pid{m.pid})
		s.tidy(g)
	}
	s.broadcast(etf.Tuple{atomLeave, s.Pid(), m.pid, terms})
}

// localGroups is the list of a sync: all groups with local members. Call with mu
// held.
func (s *Scope) localGroups() etf.List {
	list := etf.List{}
	for _, g := range s.groups {
		if len(g.local) > 0 {
			list = append(list, etf.Tuple{g.term, pidList(g.local)})
		}
	}
	return list
}
