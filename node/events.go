package node

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// eventWait bounds how long a link waits for its subscribers, should one of
// them block although it must not.
const eventWait = time.Second

// NodeEvent tells of a link that came or went.
type NodeEvent struct {
	Node    string
	Up      bool
	Dialled bool  // Up: we dialled
	Hidden  bool  // the peer, or this node, is a hidden node
	Reason  error // !Up: why; see ReasonOf
	// Link tells a link from all others of this node, those to the same node
	// included. It is never 0.
	Link uint64
}

// subscriber is one function that wants events.
type subscriber struct {
	fn        func(NodeEvent)
	cancelled atomic.Bool
}

func (s *subscriber) tell(e NodeEvent) {
	if !s.cancelled.Load() {
		s.fn(e)
	}
}

// item is an event, or a new subscriber, in the queue.
type item struct {
	event NodeEvent
	sub   *subscriber
	done  chan struct{}
}

// events tells subscribers of links. One goroutine calls them, so that they see
// the same order; who publishes waits for it, so that a subscriber hears of a
// link before any message that came over it is delivered.
type events struct {
	mu    sync.Mutex
	queue []item
	wake  chan struct{} // one token: there is something in the queue

	// Only the goroutine in run uses these.
	present map[string]NodeEvent
	subs    []*subscriber
}

func newEvents() *events {
	return &events{wake: make(chan struct{}, 1), present: map[string]NodeEvent{}}
}

// enqueue adds an item and waits until it was handled, at most eventWait.
func (e *events) enqueue(ctx context.Context, it item) {
	it.done = make(chan struct{})
	e.mu.Lock()
	e.queue = append(e.queue, it)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
	timer := time.NewTimer(eventWait)
	defer timer.Stop()
	select {
	case <-it.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// run handles what is queued until ctx is done.
func (e *events) run(ctx context.Context) error {
	for {
		select {
		case <-e.wake:
			e.drain()
		case <-ctx.Done():
			e.drain()
			return nil
		}
	}
}

func (e *events) drain() {
	for {
		e.mu.Lock()
		batch := e.queue
		e.queue = nil
		e.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, it := range batch {
			e.handle(it)
			close(it.done)
		}
	}
}

func (e *events) handle(it item) {
	if it.sub != nil {
		e.subs = append(e.subs, it.sub)
		for _, name := range slices.Sorted(maps.Keys(e.present)) {
			it.sub.tell(e.present[name])
		}
		return
	}
	if it.event.Up {
		e.present[it.event.Node] = it.event
	} else {
		delete(e.present, it.event.Node)
	}
	e.subs = slices.DeleteFunc(e.subs, func(s *subscriber) bool { return s.cancelled.Load() })
	for _, s := range e.subs {
		s.tell(it.event)
	}
}

// Subscribe calls fn for each link that comes or goes, in order and one event
// at a time, first with Up for each present link. fn must not block: links wait
// for it, though not longer than a second. A message that came over a link is
// delivered after the link's Up. Stop returns after the last event.
func (n *Node) Subscribe(fn func(NodeEvent)) (cancel func()) {
	s := &subscriber{fn: fn}
	n.events.enqueue(n.telling.Context(), item{sub: s})
	return func() { s.cancelled.Store(true) }
}
