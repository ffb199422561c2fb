package actor

import (
	"context"
	"fmt"
	"strings"

	"ergo.services/ergo/gen"
)

// Stop ends all actors with ErrShutdown: first the supervisor trees, the last
// started first, then the rest; watch functions have run when it returns. An
// actor that is still inside a callback when ctx is done is left to itself:
// the system is then torn down around it and the error, which wraps
// ErrStopTimeout, names it. Stopping twice is no error.
func (s *System) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return nil
	}
	s.stopped, s.stopping = true, true
	roots := s.roots
	s.mu.Unlock()

	for i := len(roots) - 1; i >= 0 && ctx.Err() == nil; i-- {
		s.stopRoot(ctx, roots[i])
	}
	s.exitAll()
	err := s.awaitIdle(ctx)
	if err == nil {
		_, err = s.Call(ctx, s.watcher, nil) // it has told everybody
	}
	s.halt(err != nil)
	if err != nil {
		return err
	}
	return s.group.Wait(ctx)
}

func (s *System) stopRoot(ctx context.Context, root PID) {
	gone := make(chan struct{})
	if s.Watch(root, func(error) { close(gone) }) != nil || s.Exit(root, ErrShutdown) != nil {
		return
	}
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

func (s *System) exitAll() {
	list, _ := s.node.ProcessList()
	for _, pid := range list {
		if pid != s.watcher.c.pid {
			_ = s.node.SendExit(pid, gen.TerminateReasonShutdown)
		}
	}
}

func (s *System) awaitIdle(ctx context.Context) error {
	idle := make(chan struct{})
	s.mu.Lock()
	s.idle = idle
	s.checkIdle()
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %s", ErrStopTimeout, s.survivors())
	}
}

// survivors names at most ten of the actors that still run.
func (s *System) survivors() string {
	list, _ := s.node.ProcessList()
	var names []string
	for _, pid := range list {
		if pid == s.watcher.c.pid {
			continue
		}
		if len(names) == 10 {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", len(list)-11)
		}
		name, _ := s.node.ProcessName(pid)
		if name == "" {
			name = gen.Atom(fmt.Sprintf("actor.%d", pid.ID))
		}
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// halt ends the Ergo node. Without force all processes but the watcher must
// have ended: Ergo waits for them, and exits the whole program if in vain.
func (s *System) halt(force bool) {
	if force {
		s.torn.Store(true)
		s.node.StopForce()
	} else {
		s.node.Stop()
	}
	close(s.release)
	s.group.Stop()
}
