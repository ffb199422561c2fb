package global

import (
	"context"
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Register gives a process of any node a global name, as global:register_name.
// method settles conflicts. It waits for the lock on the names; ctx without a
// deadline gets node.DefaultTimeout. When ctx ends it is not known whether the
// name was registered.
//
// Errors: ErrNameTaken, ErrPidNamed, ErrBadName, ErrStopped, and ctx's.
func (s *Server) Register(ctx context.Context, name etf.Term, pid etf.Pid, method Method) error {
	return s.register(ctx, name, pid, method, false)
}

// ReRegister is Register that takes the name from whoever has it, as
// global:re_register_name.
func (s *Server) ReRegister(ctx context.Context, name etf.Term, pid etf.Pid, method Method) error {
	return s.register(ctx, name, pid, method, true)
}

func (s *Server) register(ctx context.Context, name etf.Term, pid etf.Pid, method Method, anew bool) error {
	fun, ok := method.term()
	if !ok {
		return fmt.Errorf("register %s: %w: method %q", etf.String(name), ErrBadName, method)
	}
	return s.change(ctx, "register", name, func(done func(error)) *change {
		return s.core.register(op{name: name, pid: pid, method: fun}, anew, done)
	})
}

// Unregister takes a name away, as global:unregister_name. That nobody has it is
// no error. Errors: ErrBadName, ErrStopped, and ctx's.
func (s *Server) Unregister(ctx context.Context, name etf.Term) error {
	return s.change(ctx, "unregister", name, func(done func(error)) *change {
		return s.core.unregister(name, done)
	})
}

// change asks the core for a change of names and waits for it.
func (s *Server) change(ctx context.Context, what string, name etf.Term, begin func(done func(error)) *change) error {
	if _, err := etf.Encode(name); err != nil {
		return fmt.Errorf("%s %s: %w: %w", what, etf.String(name), ErrBadName, err)
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	result := make(chan error, 1) // the core must not wait for the caller
	var ch *change
	s.inbox.push(func() { ch = begin(func(err error) { result <- err }) })
	if err := s.wait(ctx, result, func() { ch.given = true }); err != nil {
		return fmt.Errorf("%s %s: %w", what, etf.String(name), err)
	}
	return nil
}

// wait waits for a result; when ctx ends before, giveUp runs in the core.
func (s *Server) wait(ctx context.Context, result <-chan error, giveUp func()) error {
	select {
	case err := <-result:
		return err
	case <-s.stopped:
		return ErrStopped
	case <-ctx.Done():
		s.inbox.push(giveUp)
		return context.Cause(ctx)
	}
}

func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, node.DefaultTimeout)
}

// Whereis is the process that has a name, as global:whereis_name.
func (s *Server) Whereis(name etf.Term) (pid etf.Pid, ok bool) {
	pid = look(s, func(c *core) etf.Pid {
		if e, found := c.names.get(name); found {
			return e.pid
		}
		return etf.Pid{}
	})
	return pid, !pid.IsZero()
}

// Names lists all registered names, in no order that means anything.
func (s *Server) Names() []etf.Term {
	return look(s, func(c *core) []etf.Term {
		var list []etf.Term
		for _, e := range c.names.sorted() {
			list = append(list, e.name)
		}
		return list
	})
}

// Known lists the nodes of our partition, sorted, without this one: those whose
// names and locks are kept together.
func (s *Server) Known() []string {
	return look(s, func(c *core) []string {
		var list []string
		for _, n := range c.members() {
			list = append(list, string(n))
		}
		return list
	})
}

// Synced lists the nodes that have the same names as we, sorted.
func (s *Server) Synced() []string {
	return look(s, func(c *core) []string {
		var list []string
		for n := range c.synced {
			list = append(list, string(n))
		}
		slices.Sort(list)
		return list
	})
}

// look reads from the core; the zero value without the server.
func look[T any](s *Server, see func(c *core) T) (value T) {
	seen := make(chan T, 1) // the core must not wait for the caller
	s.inbox.push(func() { seen <- see(s.core) })
	select {
	case value = <-seen:
	case <-s.stopped:
	}
	return value
}

// Sync waits until all nodes that are linked now are in sync with us or gone, as
// global:sync. ctx without a deadline gets node.DefaultTimeout.
func (s *Server) Sync(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	result := make(chan error, 1) // the core must not wait for the caller
	var mine *syncer
	s.inbox.push(func() {
		var linked []etf.Atom
		for n := range s.core.links {
			linked = append(linked, n)
		}
		mine = s.core.sync(linked, func() { result <- nil })
	})
	if err := s.wait(ctx, result, func() { s.core.dropSyncer(mine) }); err != nil {
		return fmt.Errorf("sync global names: %w", err)
	}
	return nil
}
