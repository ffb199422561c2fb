package node

import (
	"context"
	"sync"

	"github.com/fjord-media/fjord/node/dist"
)

// outboxLimit is the number of queued signals above which the link's reader
// pauses (a peer that asks without reading the answers) and Post refuses.
const outboxLimit = 1 << 16

// outbox queues the signals that the node itself sends on a link, such as
// answers to monitors. A reader must not wait for its own socket: two nodes that
// did would wait for each other. So posting never blocks, a goroutine sends what
// is queued, and senders that may wait go after it, which keeps the order.
type outbox struct {
	mu     sync.Mutex
	queue  []dist.Signal
	posted uint64        // signals ever queued
	sent   uint64        // signals handed on
	wake   chan struct{} // one token: there is something in the queue
	moved  chan struct{} // not nil: somebody waits for sent to grow
	closed bool
	done   chan struct{} // closed when closed is set

	start   func() // not nil: starts a goroutine that calls drain
	running bool   // it runs
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// post queues a signal. After close it does nothing.
func (o *outbox) post(sig dist.Signal) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.queue = append(o.queue, sig)
	o.posted++
	o.rouse()
}

// rouse lets somebody send what is queued. Call with mu held.
func (o *outbox) rouse() {
	switch {
	case o.start == nil:
		select {
		case o.wake <- struct{}{}:
		default:
		}
	case !o.running:
		o.running = true
		o.start()
	}
}

// onDemand makes the outbox call start whenever something is queued and nobody
// sends it; start begins a goroutine that calls drain. Quiet links, of which
// there may be thousands, need none.
func (o *outbox) onDemand(start func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.start = start
	if len(o.queue) > 0 {
		o.rouse()
	}
}

// drain hands queued signals to send, in order, until there are no more.
func (o *outbox) drain(ctx context.Context, send func(dist.Signal)) {
	for batch := o.takeOrEnd(); len(batch) > 0 && ctx.Err() == nil; batch = o.takeOrEnd() {
		o.hand(batch, send)
	}
}

// takeOrEnd takes what is queued. If that is nothing, drain has ended.
func (o *outbox) takeOrEnd() []dist.Signal {
	o.mu.Lock()
	defer o.mu.Unlock()
	batch := o.queue
	o.queue = nil
	o.running = len(batch) > 0
	return batch
}

func (o *outbox) hand(batch []dist.Signal, send func(dist.Signal)) {
	for i, sig := range batch {
		batch[i] = nil
		send(sig)
		o.advance()
	}
}

// idle says whether nothing is queued or being handed on.
func (o *outbox) idle() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.posted == o.sent
}

// full says whether more than outboxLimit signals are queued.
func (o *outbox) full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.posted-o.sent > outboxLimit
}

// settle waits until everything that is queued now has been handed on.
func (o *outbox) settle(ctx context.Context) error {
	o.mu.Lock()
	target := o.posted
	o.mu.Unlock()
	return o.waitFor(ctx, target)
}

// room waits until no more than outboxLimit signals are queued.
func (o *outbox) room(ctx context.Context) error {
	for o.full() {
		o.mu.Lock()
		target := o.posted - outboxLimit
		o.mu.Unlock()
		if err := o.waitFor(ctx, target); err != nil {
			return err
		}
	}
	return nil
}

// waitFor waits until the first target signals were handed on.
func (o *outbox) waitFor(ctx context.Context, target uint64) error {
	for {
		o.mu.Lock()
		if o.sent >= target && !o.closed {
			o.mu.Unlock()
			return nil
		}
		if o.moved == nil {
			o.moved = make(chan struct{})
		}
		moved := o.moved
		o.mu.Unlock()
		select {
		case <-moved:
		case <-o.done:
			return ErrNoConnection
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run hands queued signals to send, in order, until the outbox is closed or ctx
// is done.
func (o *outbox) run(ctx context.Context, send func(dist.Signal)) {
	for {
		select {
		case <-o.wake:
		case <-o.done:
			return
		case <-ctx.Done():
			return
		}
		for batch := o.take(); len(batch) > 0; batch = o.take() {
			o.hand(batch, send)
		}
	}
}

func (o *outbox) take() []dist.Signal {
	o.mu.Lock()
	defer o.mu.Unlock()
	batch := o.queue
	o.queue = nil
	return batch
}

func (o *outbox) advance() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	if o.moved != nil {
		close(o.moved)
		o.moved = nil
	}
}

// close makes run return and drops what is queued.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed, o.queue = true, nil
		close(o.done)
	}
}
