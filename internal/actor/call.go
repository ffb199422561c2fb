package actor

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Request is a Call's message.
type Request struct {
	Msg any

	cell       *cell
	prev, next *Request // guarded by cell.mu
	answered   atomic.Bool
	answer     chan answer
}

type answer struct {
	value any
	err   error
}

// Reply answers; only the first answer counts. It may be called from any
// goroutine, at any time, also when nobody waits any more.
func (r *Request) Reply(value any, err error) {
	if r.cell != nil {
		r.cell.forget(r)
	}
	r.finish(value, err)
}

func (r *Request) finish(value any, err error) {
	if !r.answered.Swap(true) && r.answer != nil {
		r.answer <- answer{value, err}
	}
}

// Call sends msg as a *Request and waits for its Reply or for ctx. When the
// actor ends meanwhile the call fails at once with the reason (ErrNormal
// too); ErrNoActor when it had ended before. The errors of Reply are returned
// as they are. An actor must not call itself.
func (s *System) Call(ctx context.Context, to PID, msg any) (any, error) {
	if to.c == nil {
		return nil, fmt.Errorf("call %s: %w", to, ErrNoActor)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("call %s: %w", to.label(), err)
	}
	r := &Request{Msg: msg, cell: to.c, answer: make(chan answer, 1)}
	if err := to.c.expect(r); err != nil {
		return nil, fmt.Errorf("call %s: %w", to.label(), err)
	}
	if err := s.Send(to, r); err != nil {
		to.c.forget(r)
		return nil, fmt.Errorf("call %s: %w", to.label(), err)
	}
	select {
	case a := <-r.answer:
		return a.value, a.err
	case <-ctx.Done():
		to.c.forget(r)
		return nil, fmt.Errorf("call %s: %w", to.label(), ctx.Err())
	}
}

// CallName is Call to the actor registered under name.
func (s *System) CallName(ctx context.Context, name string, msg any) (any, error) {
	pid, ok := s.Whereis(name)
	if !ok {
		return nil, fmt.Errorf("call %s: %w", name, ErrNoActor)
	}
	return s.Call(ctx, pid, msg)
}
