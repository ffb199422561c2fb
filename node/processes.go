package node

import (
	"slices"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// pidKey is what tells the pids of one node and creation apart.
type pidKey struct{ id, serial uint32 }

func keyOf(p etf.Pid) pidKey { return pidKey{p.ID, p.Serial} }

// processes finds local processes by pid and by name.
type processes struct {
	mu     sync.RWMutex
	byPid  map[pidKey]*Process
	byName map[etf.Atom]*Process
}

func newProcesses() *processes {
	return &processes{byPid: map[pidKey]*Process{}, byName: map[etf.Atom]*Process{}}
}

// add gives p a pid that no other process has, and its name.
func (t *processes) add(p *Process, next func() etf.Pid) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.name != "" && t.byName[p.name] != nil {
		return ErrNameTaken
	}
	for p.pid = next(); t.byPid[keyOf(p.pid)] != nil; p.pid = next() {
	}
	t.byPid[keyOf(p.pid)] = p
	if p.name != "" {
		t.byName[p.name] = p
	}
	return nil
}

func (t *processes) remove(p *Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPid[keyOf(p.pid)] == p {
		delete(t.byPid, keyOf(p.pid))
	}
	if p.name != "" && t.byName[p.name] == p {
		delete(t.byName, p.name)
	}
}

// named finds a process by its registered name.
func (t *processes) named(name etf.Atom) *Process {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byName[name]
}

// names lists the registered names, sorted.
func (t *processes) names() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]string, 0, len(t.byName))
	for name := range t.byName {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// process finds a local process by pid. A pid of another creation is that of a
// process of an earlier run; creation 0 stands for any.
func (n *Node) process(pid etf.Pid) *Process {
	if pid.Node != n.ids.node || pid.Creation != n.ids.creation && pid.Creation != 0 {
		return nil
	}
	n.procs.mu.RLock()
	defer n.procs.mu.RUnlock()
	return n.procs.byPid[keyOf(pid)]
}

// target finds a local process by pid or registered name.
func (n *Node) target(what etf.Term) *Process {
	switch w := what.(type) {
	case etf.Pid:
		return n.process(w)
	case etf.Atom:
		return n.procs.named(w)
	}
	return nil
}

// Whereis is the process with a registered name, nil when there is none.
func (n *Node) Whereis(name string) *Process { return n.procs.named(etf.Atom(name)) }

// RegisteredNames are those of the node's processes, sorted: registered() of Erlang.
func (n *Node) RegisteredNames() []string { return n.procs.names() }
