package global

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Lock is a global lock that we hold. A process of this node holds it, so it is
// freed everywhere when the node ends or is cut off.
type Lock struct {
	server *Server
	claim  *claim
	holder *node.Process
}

// SetLock sets a lock on a resource, as global:set_lock, on the named nodes;
// without names on this and all linked nodes. It waits until nobody else has it;
// ctx without a deadline gets node.DefaultTimeout. Errors: ErrBadName,
// ErrStopped, and ctx's.
func (s *Server) SetLock(ctx context.Context, resource etf.Term, nodes ...string) (*Lock, error) {
	l, err := s.setLock(ctx, resource, nodes)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", etf.String(resource), err)
	}
	return l, nil
}

func (s *Server) setLock(ctx context.Context, resource etf.Term, nodes []string) (*Lock, error) {
	if _, err := etf.Encode(resource); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if len(nodes) == 0 {
		nodes = append(s.node.Nodes(), s.node.Name())
	}
	holder, err := s.node.Spawn("", s.callbacks(s.onReply))
	if err != nil {
		return nil, err
	}
	k := &claim{id: lockID{resource: resource, requester: holder.Pid()}, holder: holder.Pid()}
	for _, n := range nodes {
		k.nodes = append(k.nodes, etf.Atom(n))
	}
	l := &Lock{server: s, claim: k, holder: holder}
	result := make(chan error, 1) // the core must not wait for the caller
	k.done = func() { result <- nil }
	s.inbox.push(func() {
		s.processes[k.holder] = holder
		s.core.claimLock(k)
	})
	if err := s.wait(ctx, result, func() {}); err != nil {
		l.Del()
		return nil, err
	}
	return l, nil
}

// Del frees the lock, as global:del_lock; twice does no harm. It does not wait for
// the other nodes.
func (l *Lock) Del() {
	s := l.server
	free := func() {
		if !l.claim.given {
			l.claim.given = true
			s.core.delLocks(l.claim.id, l.claim.holder, l.claim.nodes)
		}
		delete(s.processes, l.claim.holder)
		l.holder.Terminate(etf.Atom("normal"))
	}
	if !s.inbox.push(free) {
		l.holder.Terminate(etf.Atom("normal"))
	}
}

// DelLock is l.Del.
func (s *Server) DelLock(l *Lock) { l.Del() }

// Trans calls fn while it holds the lock on a resource, as global:trans, on the
// named nodes; without names on this and all linked nodes. ctx bounds the waiting
// for the lock as with SetLock, and is what fn gets. Errors are those of SetLock
// and fn's.
func (s *Server) Trans(ctx context.Context, resource etf.Term, fn func(ctx context.Context) error, nodes ...string) error {
	l, err := s.SetLock(ctx, resource, nodes...)
	if err != nil {
		return err
	}
	defer l.Del()
	return fn(ctx)
}
