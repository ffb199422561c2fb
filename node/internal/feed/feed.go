// Package feed hands values to one function, in order, on a goroutine of its
// own, through a queue that is bounded. Who gives a value never waits: when the
// queue is full it is told so, and decides what that means.
package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/fjord-media/fjord/internal/run"
)

// Errors of Push, and of the end of a feed.
var (
	// ErrFull: as much is queued as may be.
	ErrFull = errors.New("the queue is full")
	// ErrClosed: the feed has been ended.
	ErrClosed = errors.New("the feed has ended")
	// ErrPanicked: the function panicked.
	ErrPanicked = errors.New("panicked")
)

// Options of a feed. Name, Items and Handle are required.
type Options[T any] struct {
	Name  string // of the goroutine
	Items int    // values that may wait
	Bytes int    // sum of the sizes that may wait; a value that is larger than that may wait alone; 0: any
	// Full, if not nil, ends the feed like Finish when a value does not fit, so that
	// nothing comes after the gap.
	Full error
	// Handle gets the values. ctx is done when the feed is aborted.
	Handle func(ctx context.Context, v T)
	// End is called after the last value when the feed was ended by Finish, with
	// its error, or by a panic of Handle; it may be nil.
	End func(err error)
}

// Feed is a queue and its goroutine.
type Feed[T any] struct {
	opts   Options[T]
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // one token: something has changed

	mu       sync.Mutex
	queue    []entry[T]
	bytes    int // sum of the sizes in queue
	closed   bool
	finished bool // closed by Finish
	err      error
}

type entry[T any] struct {
	value T
	size  int
}

// Start starts a feed. In a group that is stopped it is an ended one.
func Start[T any](g *run.Group, o Options[T]) *Feed[T] {
	f := &Feed[T]{opts: o, wake: make(chan struct{}, 1)}
	f.ctx, f.cancel = context.WithCancel(g.Context())
	if !g.Go(o.Name, f.run) {
		f.Abort()
	}
	return f
}

// Push queues a value of a size in bytes. Errors: ErrFull, ErrClosed. It does
// not block.
func (f *Feed[T]) Push(v T, size int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return ErrClosed
	case f.full(size):
		if f.opts.Full != nil {
			f.finish(f.opts.Full)
		}
		return ErrFull
	}
	f.queue = append(f.queue, entry[T]{v, size})
	f.bytes += size
	f.signal()
	return nil
}

// full says whether a value of a size does not fit. Call with mu held.
func (f *Feed[T]) full(size int) bool {
	return len(f.queue) >= f.opts.Items ||
		f.opts.Bytes > 0 && len(f.queue) > 0 && f.bytes+size > f.opts.Bytes
}

// Finish ends the feed: what is queued is handled, then End is called with err.
// Only the first end counts.
func (f *Feed[T]) Finish(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.finish(err)
}

// finish does Finish. Call with mu held.
func (f *Feed[T]) finish(err error) {
	if !f.closed {
		f.closed, f.finished, f.err = true, true, err
		f.signal()
	}
}

// Abort ends the feed and drops what is queued; it returns how many values that
// were. Handle may still run, with its ctx done. End is not called.
func (f *Feed[T]) Abort() (dropped int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dropped = len(f.queue)
	f.closed, f.finished, f.queue, f.bytes = true, false, nil, 0
	f.cancel()
	return dropped
}

// Len is the number of values that wait.
func (f *Feed[T]) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.queue)
}

// signal wakes the goroutine. Call with mu held.
func (f *Feed[T]) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed[T]) run(context.Context) (err error) {
	defer f.Abort()
	for f.ctx.Err() == nil {
		v, ok := f.take()
		if ok {
			if err := f.handle(v); err != nil {
				f.end(err)
				return err
			}
			continue
		}
		if reason, over := f.over(); over {
			f.end(reason)
			return nil
		}
		select {
		case <-f.wake:
		case <-f.ctx.Done():
		}
	}
	return nil
}

func (f *Feed[T]) take() (v T, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		f.queue = nil // lets go of the memory of a burst
		return v, false
	}
	e := f.queue[0]
	f.queue[0] = entry[T]{}
	f.queue = f.queue[1:]
	f.bytes -= e.size
	return e.value, true
}

// over says whether the feed was finished and everything handled.
func (f *Feed[T]) over() (error, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err, f.finished && len(f.queue) == 0
}

func (f *Feed[T]) handle(v T) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s %w: %v\n%s", f.opts.Name, ErrPanicked, p, debug.Stack())
		}
	}()
	f.opts.Handle(f.ctx, v)
	return nil
}

func (f *Feed[T]) end(err error) {
	f.Abort()
	if f.opts.End != nil {
		f.opts.End(err)
	}
}
