package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Targets is what a discovery strategy knows at one moment.
type Targets struct {
	// Nodes are full node names, alive@host, in any order. The own name may be
	// among them.
	Nodes []string
	// Complete says that Nodes is all there is. When it is false (a lookup
	// succeeded in part) names published earlier stay wanted.
	Complete bool
}

// Strategy finds nodes. Nothing that it publishes ever ends a link.
type Strategy interface {
	// Name is the strategy's name as in FJ_DIST_STRATEGY_NAME.
	Name() string
	// Run publishes targets until ctx is done or there is nothing more to say;
	// nil means that the last publication stays valid. publish never blocks.
	// An error ends the strategy's actor, whose supervisor starts it again.
	Run(ctx context.Context, publish func(Targets)) error
}

// board keeps each strategy's last targets. It outlives the actors that write
// and read it, so that a restarted one continues where its predecessor ended.
type board struct {
	mu      sync.Mutex
	targets map[string]Targets // by strategy name
}

func newBoard() *board { return &board{targets: map[string]Targets{}} }

// put stores what a strategy published and reports whether that changed anything.
func (b *board) put(strategy string, t Targets) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.targets[strategy]
	names := slices.Clone(t.Nodes)
	if !t.Complete {
		names = append(names, old.Nodes...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	b.targets[strategy] = Targets{Nodes: names, Complete: t.Complete}
	return !known || !slices.Equal(names, old.Nodes)
}

// union is every name that some strategy wants.
func (b *board) union() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]bool{}
	for t := range maps.Values(b.targets) {
		for _, name := range t.Nodes {
			all[name] = true
		}
	}
	return all
}

// runStrategy is Run with a panic turned into an error.
func runStrategy(ctx context.Context, s Strategy, publish func(Targets)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("strategy %s panicked: %v", s.Name(), v)
		}
	}()
	if err := s.Run(ctx, publish); err != nil {
		return fmt.Errorf("strategy %s: %w", s.Name(), err)
	}
	return nil
}
