package global

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Options of a server.
type Options struct {
	Logger *slog.Logger // nil = no log
}

// Server is the global name server of a node: the registered process
// global_name_server with its locker and its registrar. All methods may be called
// from any goroutine.
type Server struct {
	node    *node.Node
	log     *slog.Logger
	group   *run.Group
	inbox   *inbox
	core    *core
	cancel  func() // of the subscription
	stopped chan struct{}
	once    sync.Once
	stopErr error

	server    *node.Process
	locker    *node.Process
	registrar *node.Process

	// Only the goroutine of the core uses these.
	processes map[etf.Pid]*node.Process
	refs      map[etf.Ref]uint64  // monitors by reference
	watches   map[uint64]etf.Ref  // and by number
	links     map[etf.Atom]uint64 // the links that the core knows of, by node
	dialling  map[etf.Atom]bool
	backlog   map[etf.Atom][]func() error // what busy links did not take
}

// Start starts the global name server of a node. Start it right after the node:
// nodes of OTP 23 and 24 that are linked already do not begin to join again, newer
// ones do.
//
// Errors: ErrHidden, and node.ErrNameTaken when the node has a server already.
func Start(n *node.Node, opts Options) (*Server, error) {
	s, err := start(n, opts)
	if err != nil {
		return nil, fmt.Errorf("start global of %s: %w", n.Name(), err)
	}
	return s, nil
}

func start(n *node.Node, opts Options) (*Server, error) {
	if n.Hidden() {
		return nil, ErrHidden
	}
	log := opts.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		node: n, log: log, inbox: newInbox(), stopped: make(chan struct{}),
		group:     run.NewGroup(context.Background(), "global "+n.Name(), log),
		processes: map[etf.Pid]*node.Process{}, refs: map[etf.Ref]uint64{}, watches: map[uint64]etf.Ref{},
		links: map[etf.Atom]uint64{}, dialling: map[etf.Atom]bool{}, backlog: map[etf.Atom][]func() error{},
	}
	if err := s.spawn(); err != nil {
		return nil, err
	}
	s.core = newCore(config{
		self: etf.Atom(n.Name()), server: s.server.Pid(), locker: s.locker.Pid(), registrar: s.registrar.Pid(),
		firstTag: time.Now().UnixMicro(),
		rand:     rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		log:      log,
	}, s)
	s.group.Go("server", s.run)
	s.handle()
	s.cancel = n.Subscribe(s.event)
	return s, nil
}

// spawn makes the processes. The registered one comes last: what it gets before
// there is a core waits.
func (s *Server) spawn() (err error) {
	if s.locker, err = s.node.Spawn("", s.callbacks(s.onLocker)); err != nil {
		return err
	}
	if s.registrar, err = s.node.Spawn("", s.callbacks(s.onReply)); err == nil {
		s.server, err = s.node.Spawn(string(serverName), s.callbacks(s.onMessage))
	}
	if err != nil {
		s.terminate()
		return err
	}
	for _, p := range []*node.Process{s.server, s.locker, s.registrar} {
		s.processes[p.Pid()] = p
	}
	return nil
}

// callbacks of our processes: nobody may end them.
func (s *Server) callbacks(message func(node.Message)) node.Callbacks {
	return node.Callbacks{
		Message: message,
		Exit:    func(etf.Pid, etf.Term) {},
		Down:    func(ref etf.Ref, _, reason etf.Term) { s.inbox.push(func() { s.onDown(ref, reason) }) },
	}
}

func (s *Server) onMessage(m node.Message) {
	s.inbox.pushWait(func() { s.core.message(m.Term) })
}

// onReply takes the answers to calls.
func (s *Server) onReply(m node.Message) {
	if t, ok := m.Term.(etf.Tuple); ok {
		s.inbox.pushWait(func() { s.core.onReply(t) })
	}
}

// onLocker takes answers, and lock_set of old nodes.
func (s *Server) onLocker(m node.Message) {
	t, ok := etf.AsTagged(m.Term, "lock_set", -1)
	if ok && (len(t) == 4 || len(t) == 5) {
		s.inbox.pushWait(func() { s.core.onLockSet(t) })
		return
	}
	s.onReply(m)
}

func (s *Server) onDown(ref etf.Ref, reason etf.Term) {
	if id, ok := s.refs[ref]; ok {
		delete(s.refs, ref)
		delete(s.watches, id)
		s.core.ended(id, reason)
	}
}

// event tells the core of links; hidden ones do not count.
func (s *Server) event(e node.NodeEvent) {
	if e.Hidden {
		return
	}
	n := etf.Atom(e.Node)
	s.inbox.push(func() {
		if e.Up {
			s.links[n] = e.Link
			s.core.up(n)
			return
		}
		delete(s.backlog, n)
		delete(s.links, n)
		s.core.down(n)
	})
}

// run is the goroutine of the core.
func (s *Server) run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for _, do := range s.inbox.take() {
			s.input(do)
		}
		s.input(s.retry)
		timer.Reset(s.pause())
		select {
		case <-s.inbox.wake:
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// pause is how long there is nothing to do unless something arrives.
func (s *Server) pause() time.Duration {
	pause := time.Hour
	if at, ok := s.core.timers.next(); ok {
		pause = time.Until(at)
	}
	if len(s.backlog) > 0 {
		pause = min(pause, backlogPause)
	}
	return pause
}

// input tells the core something. A panic would leave a server that does not
// answer, so it costs that input only.
func (s *Server) input(do func()) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("global panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	s.core.in(time.Now(), do)
}

// Stop ends the server. Call it right before the node is stopped. The error
// wraps run.ErrStopTimeout when goroutines still run when ctx is done; ctx without
// a deadline gets 5 s.
func (s *Server) Stop(ctx context.Context) error {
	s.once.Do(func() {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, node.DefaultTimeout)
			defer cancel()
		}
		s.cancel()
		s.unhandle()
		close(s.stopped)
		s.inbox.close()
		s.terminate()
		if err := s.group.StopAndWait(ctx); err != nil {
			s.stopErr = fmt.Errorf("stop global of %s: %w", s.node.Name(), err)
		}
	})
	return s.stopErr
}

func (s *Server) terminate() {
	for _, p := range []*node.Process{s.server, s.locker, s.registrar} {
		if p != nil {
			p.Terminate(etf.Atom("shutdown"))
		}
	}
}
