package pg_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// strict is a scope that ends, as those of OTP 23 to 25 do, on everything that
// is not exactly right. Instead of ending it notes why.
type strict struct {
	proc *node.Process
	gate sync.RWMutex // locked: it is frozen, and the links to its node with it

	mu     sync.Mutex
	wrong  []string
	remote map[etf.Pid]map[string][]etf.Pid
	refs   map[etf.Ref]etf.Pid
}

func newStrict(t testing.TB, n *node.Node, name string) *strict {
	t.Helper()
	s := &strict{remote: map[etf.Pid]map[string][]etf.Pid{}, refs: map[etf.Ref]etf.Pid{}}
	proc, err := n.Spawn(name, node.Callbacks{
		Message: func(m node.Message) {
			s.gate.RLock()
			defer s.gate.RUnlock()
			s.mu.Lock()
			defer s.mu.Unlock()
			if err := s.serve(m.Term); err != nil {
				s.wrong = append(s.wrong, fmt.Sprintf("%v: %s", err, etf.String(m.Term)))
			}
		},
		Down: func(ref etf.Ref, _, _ etf.Term) {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.remote, s.refs[ref])
			delete(s.refs, ref)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.proc = proc
	s.mu.Unlock()
	n.Subscribe(func(e node.NodeEvent) {
		if e.Up {
			_ = proc.Post(etf.Tuple{atom(name), atom(e.Node)}, etf.Tuple{atom("discover"), proc.Pid()})
		}
	})
	return s
}

func (s *strict) serve(msg etf.Term) error {
	if t, ok := etf.AsTagged(msg, "$gen_cast", 2); ok {
		t, ok := etf.AsTagged(t[1], "sync", 3)
		if !ok {
			return fmt.Errorf("unknown cast")
		}
		return s.sync(t[1].(etf.Pid), t[2].(etf.List))
	}
	if t, ok := etf.AsTagged(msg, "discover", 2); ok {
		return s.discover(t[1].(etf.Pid))
	}
	if t, ok := etf.AsTagged(msg, "join", 4); ok {
		if groups, known := s.remote[t[1].(etf.Pid)]; known {
			key := etf.String(t[2])
			groups[key] = append(groups[key], pidsOf(t[3])...)
		}
		return nil
	}
	if t, ok := etf.AsTagged(msg, "leave", 4); ok {
		if groups, known := s.remote[t[1].(etf.Pid)]; known {
			return leave(groups, pidsOf(t[2]), t[3].(etf.List))
		}
		return nil
	}
	return fmt.Errorf("unknown message")
}

func (s *strict) discover(peer etf.Pid) error {
	_ = s.proc.Post(peer, cast(tuple(atom("sync"), s.proc.Pid(), etf.List{})))
	if s.remote[peer] == nil {
		s.meet(peer)
		_ = s.proc.Post(peer, tuple(atom("discover"), s.proc.Pid()))
	}
	return nil
}

func (s *strict) meet(peer etf.Pid) {
	if ref, err := s.proc.PostMonitor(peer); err == nil {
		s.refs[ref] = peer
		s.remote[peer] = map[string][]etf.Pid{}
	}
}

func (s *strict) sync(peer etf.Pid, list etf.List) error {
	if s.remote[peer] == nil {
		s.meet(peer)
	}
	fresh := map[string][]etf.Pid{}
	for _, e := range list {
		pair := e.(etf.Tuple)
		key, pids := etf.String(pair[0]), pidsOf(pair[1])
		if fresh[key] != nil || len(pids) == 0 {
			return fmt.Errorf("group %s is listed twice or empty", key)
		}
		fresh[key] = pids
	}
	s.remote[peer] = fresh
	return nil
}

// leave fails where OTP's scope ends: for a group that the peer is not in.
func leave(groups map[string][]etf.Pid, pids []etf.Pid, list etf.List) error {
	if len(pids) != 1 {
		return fmt.Errorf("OTP 23 wants one pid")
	}
	for _, g := range list {
		key := etf.String(g)
		had := len(groups[key])
		if had == 0 {
			return fmt.Errorf("unknown group %s", key)
		}
		for i, pid := range groups[key] {
			if pid == pids[0] {
				groups[key] = append(groups[key][:i:i], groups[key][i+1:]...)
				break
			}
		}
		if len(groups[key]) == had {
			return fmt.Errorf("not a member of %s", key)
		}
		if len(groups[key]) == 0 {
			delete(groups, key)
		}
	}
	return nil
}

func pidsOf(t etf.Term) []etf.Pid {
	if pid, ok := t.(etf.Pid); ok {
		return []etf.Pid{pid}
	}
	var pids []etf.Pid
	for _, e := range t.(etf.List) {
		pids = append(pids, e.(etf.Pid))
	}
	return pids
}

// members prints what it knows of a group.
func (s *strict) members(group etf.Term) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []etf.Pid
	for _, groups := range s.remote {
		all = append(all, groups[etf.String(group)]...)
	}
	return printed(all)
}

func (s *strict) faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}
