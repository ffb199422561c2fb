package actor

import (
	"fmt"

	"ergo.services/ergo/gen"
)

// Supervise starts a supervisor tree and returns when all its static children
// have run their Init. The tree has no supervisor above: Watch the PID to
// learn that it gave up. ErrSpec, ErrTaken, or the error of a child's Init.
func (s *System) Supervise(spec Spec) (PID, error) {
	if err := spec.check(map[string]bool{}); err != nil {
		return PID{}, err
	}
	pid, err := s.startTree(spec)
	if err != nil {
		return PID{}, fmt.Errorf("start supervisor %s: %w", spec.Name, nodeError(err))
	}
	s.mu.Lock()
	s.roots = append(s.roots, pid)
	s.mu.Unlock()
	return pid, nil
}

func (s *System) startTree(spec Spec) (PID, error) {
	if spec.Dynamic {
		return s.spawn(spec.Name, s.newDynamic(spec))
	}
	t := s.newStatic(spec, false)
	factory := func() gen.ProcessBehavior { return t }
	_, err := s.node.SpawnRegister(gen.Atom(spec.Name), factory, supervisorOptions())
	if err == nil {
		t.publish()
	}
	return PID{&t.cell}, err
}

// StartChild adds a child to a dynamic supervisor and returns when its Init
// has. It runs in the caller's goroutine and costs the same however many
// children there are. ErrNoActor when there is no such supervisor.
func (s *System) StartChild(supervisor string, arg any) (PID, error) {
	v, ok := s.named.Load(supervisor)
	if !ok || v.(*cell).children == nil {
		return PID{}, fmt.Errorf("start a child of %s: %w", supervisor, ErrNoActor)
	}
	b := v.(*cell).children
	p := s.newProcess(func() Behaviour { return b.template(arg) })
	p.brood = b
	pid, err := s.spawn("", p)
	if err == nil && !b.add(&p.cell) {
		_ = s.Exit(pid, ErrShutdown)
		err = fmt.Errorf("start a child of %s: %w", supervisor, ErrNoActor)
	}
	return pid, err
}

// Children is the number of children of a dynamic supervisor, 0 when there is
// no such supervisor.
func (s *System) Children(supervisor string) int {
	v, ok := s.named.Load(supervisor)
	if !ok || v.(*cell).children == nil {
		return 0
	}
	return v.(*cell).children.size()
}
