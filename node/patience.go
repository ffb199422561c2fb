package node

import (
	"context"
	"sync"
	"time"
)

// patience is a context like the one it is made from, which ends after
// DefaultTimeout unless that has a deadline of its own. The time runs from the
// moment somebody waits for the end: most sends never do, and would otherwise
// pay more for the timer than for the message.
type patience struct {
	context.Context // the caller's

	mu     sync.Mutex
	timed  context.Context // nil: nobody has waited yet
	cancel context.CancelFunc
}

// newPatience is to be followed by end.
func newPatience(ctx context.Context) *patience { return &patience{Context: ctx} }

// end releases the timer.
func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}

// limited is the context with the timer, which is started here.
func (p *patience) limited() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		p.timed, p.cancel = withDefaultTimeout(p.Context)
	}
	return p.timed
}

// current is the context with the timer, or the caller's while there is none.
func (p *patience) current() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timed == nil {
		return p.Context
	}
	return p.timed
}

func (p *patience) Deadline() (time.Time, bool) { return p.limited().Deadline() }
func (p *patience) Done() <-chan struct{}       { return p.limited().Done() }
func (p *patience) Err() error                  { return p.current().Err() }
func (p *patience) Value(key any) any           { return p.current().Value(key) }
