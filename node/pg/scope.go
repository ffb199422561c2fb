package pg

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// stopTime bounds Stop when its context has no deadline.
const stopTime = 5 * time.Second

// Scope is one scope on this node. Its methods may be called from any goroutine
// and, but for Stop, from callbacks of the node: they do not block.
type Scope struct {
	node *node.Node
	name etf.Atom
	self etf.Atom // our node
	log  *slog.Logger
	run  *run.Group
	proc *node.Process

	unsubscribe func()
	arrears     chan struct{} // one token: some peer lacks something

	// mu guards the rest. Messages are posted under it, so that each peer sees
	// changes in the order in which they were made; posting does not block.
	mu        sync.Mutex
	stopped   bool
	groups    map[string]*group // by key
	members   map[etf.Pid]*member
	peers     map[etf.Pid]*peer
	refs      map[etf.Ref]any // what a monitor of ours is for: *member, *peer or *observer
	monitors  map[*Monitor]struct{}
	observers map[etf.Ref]*observer
}

// Option changes a scope that is started.
type Option func(*Scope)

// WithLogger makes the scope log; without it there is no log.
func WithLogger(log *slog.Logger) Option { return func(s *Scope) { s.log = log } }

// Start starts the scope with that name and makes it known to all nodes that
// are or will be connected. Stop it before its node.
//
// Errors: node.ErrNameTaken, node.ErrBadName.
func Start(n *node.Node, scope string, opts ...Option) (*Scope, error) {
	s := &Scope{
		node: n, name: etf.Atom(scope), self: etf.Atom(n.Name()), log: slog.New(slog.DiscardHandler),
		arrears: make(chan struct{}, 1),
		groups:  map[string]*group{}, members: map[etf.Pid]*member{}, peers: map[etf.Pid]*peer{},
		refs: map[etf.Ref]any{}, monitors: map[*Monitor]struct{}{}, observers: map[etf.Ref]*observer{},
	}
	for _, option := range opts {
		option(s)
	}
	s.mu.Lock() // messages may come before Spawn returns
	proc, err := n.Spawn(scope, node.Callbacks{
		Message: s.message,
		Down:    s.down,
		Exit:    func(etf.Pid, etf.Term) {}, // nobody may end it
	})
	s.proc = proc
	s.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("start pg scope: %w", err)
	}
	s.run = run.NewGroup(context.Background(), "pg "+scope, s.log)
	s.run.Go("arrears", s.settle)
	s.unsubscribe = n.Subscribe(s.onNode)
	return s, nil
}

// Stop ends the scope: other nodes forget its members, monitors get no more
// events. It waits for monitors' functions that run, so it must not be called
// by one. ctx without a deadline gets 5 s; the error wraps run.ErrStopTimeout.
func (s *Scope) Stop(ctx context.Context) error {
	s.unsubscribe()
	s.mu.Lock()
	s.stopped = true
	clear(s.groups)
	clear(s.members)
	clear(s.peers)
	clear(s.refs)
	clear(s.monitors)
	clear(s.observers)
	s.mu.Unlock()
	s.proc.Terminate(atomShutdown)
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stopTime)
		defer cancel()
	}
	if err := s.run.StopAndWait(ctx); err != nil {
		return fmt.Errorf("stop pg scope %s: %w", s.name, err)
	}
	return nil
}

// Name is the name of the scope.
func (s *Scope) Name() string { return string(s.name) }

// Node is the node of the scope.
func (s *Scope) Node() *node.Node { return s.node }

// Pid is the pid of the scope's process.
func (s *Scope) Pid() etf.Pid { return s.proc.Pid() }

// down is called at the end of whatever the scope monitors.
func (s *Scope) down(ref etf.Ref, _, _ etf.Term) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := s.refs[ref]
	delete(s.refs, ref)
	switch x := gone.(type) {
	case *member:
		s.memberDown(x)
	case *peer:
		s.peerDown(x)
	case *observer:
		delete(s.observers, x.ref)
	}
}
