// Package run starts goroutines that have an owner, a name and an end.
//
// A Group is the only place in Fjord that uses the go keyword (arch_test.go
// checks this). Every goroutine of a group carries a pprof label "goroutine"
// with its name, is counted, and is waited for when its owner stops. A panic
// ends that goroutine only: it becomes an error that names the goroutine.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"runtime/pprof"
	"sync"
)

// ErrStopTimeout says that some goroutines of a group had not ended when the
// context given to Wait was done.
var ErrStopTimeout = errors.New("goroutines still running")

// PanicError is what a recovered panic becomes.
type PanicError struct {
	Name  string // name of the goroutine
	Value any    // the value given to panic
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("goroutine %q panicked: %v", e.Name, e.Value)
}

// Group owns goroutines. The zero value is not usable; call NewGroup.
type Group struct {
	name   string
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	stopped bool
	running map[string]int
	idle    sync.Cond // signalled when running becomes empty
	err     error     // first error of a goroutine
}

// NewGroup makes a group whose goroutines end at the latest when ctx is done.
// Errors of goroutines are logged to log (nil: nowhere).
func NewGroup(ctx context.Context, name string, log *slog.Logger) *Group {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	g := &Group{name: name, log: log, running: map[string]int{}}
	g.idle.L = &g.mu
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// Context is done once the group is stopped or its parent context is done.
func (g *Group) Context() context.Context { return g.ctx }

// Go starts fn in a goroutine called name. It reports false, without calling
// fn, when the group is already stopped. An error of fn other than
// context.Canceled is logged and kept for Err.
func (g *Group) Go(name string, fn func(ctx context.Context) error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped || g.ctx.Err() != nil {
		return false
	}
	g.running[name]++
	go pprof.Do(g.ctx, pprof.Labels("goroutine", g.name+"/"+name), func(ctx context.Context) {
		var err error
		defer func() { g.done(name, err) }() // after runtime.Goexit, too
		err = g.call(ctx, name, fn)
	})
	return true
}

func (g *Group) call(ctx context.Context, name string, fn func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Name: g.name + "/" + name, Value: v, Stack: debug.Stack()}
		}
	}()
	return fn(ctx)
}

func (g *Group) done(name string, err error) {
	g.report(name, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil && g.err == nil && !errors.Is(err, context.Canceled) {
		g.err = err
	}
	if g.running[name]--; g.running[name] == 0 {
		delete(g.running, name)
	}
	if len(g.running) == 0 {
		g.idle.Broadcast()
	}
}

func (g *Group) report(name string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	var p *PanicError
	if errors.As(err, &p) {
		g.log.Error("goroutine panicked", "goroutine", p.Name, "panic", p.Value, "stack", string(p.Stack))
		return
	}
	g.log.Debug("goroutine ended", "goroutine", g.name+"/"+name, "error", err)
}

// Err is the first error a goroutine ended with, or nil.
func (g *Group) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Stop cancels the group's context and refuses new goroutines. It does not
// wait and may be called any number of times.
func (g *Group) Stop() {
	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	g.cancel()
}

// Wait waits until no goroutine of the group runs. When ctx is done first it
// returns an error that wraps ErrStopTimeout and names what still runs.
func (g *Group) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.idle.Broadcast()
	})
	defer stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.running) > 0 {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w: %s", g.name, ErrStopTimeout, g.names())
		}
		g.idle.Wait()
	}
	return nil
}

func (g *Group) names() string {
	var s string
	for name, n := range g.running {
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf("%s (%d)", name, n)
	}
	return s
}

// StopAndWait is Stop followed by Wait.
func (g *Group) StopAndWait(ctx context.Context) error {
	g.Stop()
	return g.Wait(ctx)
}
