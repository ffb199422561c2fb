package actor

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"ergo.services/ergo/gen"

	"github.com/fjord-media/fjord/internal/run"
)

// System is one Ergo node with its network, signal handler and console off.
type System struct {
	node    gen.Node
	log     *slog.Logger
	group   *run.Group
	release chan struct{} // closed when the node has stopped
	watcher PID
	named   sync.Map    // registered name → *cell
	torn    atomic.Bool // Stop gave up waiting: what is left is killed, which its error tells

	mu       sync.Mutex
	live     int // processes, the watcher included
	stopping bool
	stopped  bool
	roots    []PID         // supervisors started by Supervise
	idle     chan struct{} // closed when only the watcher lives, if Stop waits
}

// Start begins a system. The name is for log lines; several systems may live
// in one process. logger (nil: nowhere) gets Ergo's lines and those about
// actors that crashed. ctx bounds the start only: call Stop to end the system.
func Start(ctx context.Context, name string, logger *slog.Logger) (*System, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &System{log: logger, release: make(chan struct{})}
	s.group = run.NewGroup(context.WithoutCancel(ctx), "actor/"+name, logger)
	if !strings.Contains(name, "@") {
		name += "@localhost" // Ergo wants both parts, and uses neither
	}
	if err := s.startNode(ctx, name); err != nil {
		close(s.release)
		s.group.Stop()
		return nil, fmt.Errorf("start actor system %s: %w", name, nodeError(err))
	}
	pid, err := s.Spawn("", func() Behaviour { return watcher{} })
	if err != nil {
		s.halt(true)
		return nil, fmt.Errorf("start actor system %s: %w", name, err)
	}
	s.watcher = pid
	return s, nil
}

// enter counts a process in. ErrStopped once Stop was called.
func (s *System) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return ErrStopped
	}
	s.live++
	return nil
}

func (s *System) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	s.checkIdle()
}

func (s *System) checkIdle() {
	if s.idle != nil && s.live <= 1 {
		close(s.idle)
		s.idle = nil
	}
}

// Actors is the number of actors and supervisors that live now.
func (s *System) Actors() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.live-1)
}
