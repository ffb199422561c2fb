package dist

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/fjord-media/fjord/node/etf"
)

// queue is what a link still has to write, in an order of its own.
//
// Messages begin first in, first out. Large ones are cut into fragments, and
// all that are under way take turns, one fragment each; small messages pass
// between the fragments. Only what the sender of a large message sends after
// it waits, in its lane, until the last fragment has gone: so signals between
// two processes keep their order.
type queue struct {
	limit     int  // bytes above which push waits
	fragments bool // the peer takes fragments

	mu      sync.Mutex
	wake    sync.Cond // there is work for the writer's goroutine
	closed  bool
	start   func()     // starts that goroutine; nil: nothing runs yet
	running bool       // it runs, or waits
	retire  bool       // it ends once there is nothing to do
	writing bool       // somebody assembles or writes
	parted  bool       // what was assembled is written in part: the goroutine's to finish
	tick    bool       // a tick is due unless something else is written
	small   budget     // of messages that go out whole, but for those in lanes
	held    budget     // of large messages and lanes
	ready   fifo       // to be begun
	large   []*message // under way, next in turn first
	lanes   map[etf.Pid]*lane
	done    chan struct{} // closed with the queue
	spare   []*message
	kept    int // bytes of spare
	nextSeq uint64
	pass    bool
	late    atomic.Bool // a message was queued and nobody told to write it
}

// lane is the messages behind a large message of one sender.
type lane struct{ waiting fifo }

// maxKept bounds the bytes of messages kept for use again.
const maxKept = 3 << 19

func newQueue(limit int, flags Flags) *queue {
	q := &queue{limit: limit, done: make(chan struct{}), lanes: map[etf.Pid]*lane{}}
	q.pass = !flags.Has(DistHdrAtomCache)
	q.fragments = flags.Has(Fragments) && !q.pass
	q.wake.L = &q.mu
	return q
}

// message gives an empty message.
func (q *queue) message() *message {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.spare); n > 0 {
		m := q.spare[n-1]
		q.spare[n-1] = nil
		q.spare = q.spare[:n-1]
		q.kept -= m.kept()
		return m
	}
	return newMessage(q.pass)
}

// push queues m unless more than limit bytes are queued: then it waits until
// half of that is written. The caller sees to it that it is written.
func (q *queue) push(ctx context.Context, m *message) error {
	for {
		room, err := q.tryPush(m, q.limit)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		select {
		case <-room:
		case <-q.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tryPush queues m unless more than limit bytes are queued, or others wait for
// room that were as patient: then it returns ErrBusy and what to wait for. The
// caller sees to it that it is written.
func (q *queue) tryPush(m *message, limit int) (room <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return nil, ErrClosed
	}
	b := q.budget(m)
	if b.bytes > limit || limit == q.limit && b.room != nil {
		return b.wait(), ErrBusy
	}
	b.bytes += m.size()
	q.place(m)
	return nil, nil
}

// budget is what m counts in.
func (q *queue) budget(m *message) *budget {
	if q.isLarge(m) || m.order == bySender && q.lanes[m.key] != nil {
		return &q.held
	}
	return &q.small
}

// isLarge says whether m is to be cut into fragments.
func (q *queue) isLarge(m *message) bool {
	return q.fragments && m.order == bySender && m.length() > maxWhole
}

// place puts m where its order demands.
func (q *queue) place(m *message) {
	switch {
	case m.order == afterAll && len(q.lanes) > 0:
		m.blockers = len(q.lanes)
		for _, l := range q.lanes {
			l.waiting.push(m)
		}
	case m.order == bySender && q.lanes[m.key] != nil:
		q.lanes[m.key].waiting.push(m)
	default:
		q.admit(m)
	}
}

// admit lets the writer have m. It reports whether m is large: then it has a
// lane.
func (q *queue) admit(m *message) bool {
	if !q.isLarge(m) {
		q.ready.push(m)
		return false
	}
	q.nextSeq++
	m.begin(q.nextSeq)
	q.ready.push(m)
	if q.lanes[m.key] == nil {
		q.lanes[m.key] = &lane{}
	}
	return true
}

// finish is called when the last fragment of m is taken: what waited behind it
// goes on, up to the next large message.
func (q *queue) finish(m *message) {
	l := q.lanes[m.key]
	for {
		next := l.waiting.pop()
		switch {
		case next == nil:
			delete(q.lanes, m.key)
			return
		case next.order == afterAll:
			if next.blockers--; next.blockers == 0 {
				q.ready.push(next)
			}
		case q.admit(next):
			return // the lane is its lane now
		default:
			q.held.release(next.size(), q.limit)
			q.small.bytes += next.size()
		}
	}
}

// next takes the next message that goes out whole, nil if there is none. Large
// ones on the way there get under way.
func (q *queue) next() *message {
	m := q.ready.pop()
	for ; m != nil && m.left > 0; m = q.ready.pop() {
		q.large = append(q.large, m)
	}
	return m
}

// begun lets writing begin; start starts the writer's goroutine.
func (q *queue) begun(start func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.start = start
	if q.work() {
		q.rouse()
	}
}

// work says whether there is something to write. Call with mu held.
func (q *queue) work() bool {
	return q.parted || q.tick || q.ready.len() > 0 || len(q.large) > 0
}

// rouse lets the writer's goroutine write, unless somebody writes now: who does
// looks for more when done. Call with mu held.
func (q *queue) rouse() {
	switch {
	case q.writing || q.closed:
	case q.running:
		q.wake.Signal()
	case q.start != nil:
		q.running = true
		q.start()
	}
}

// wait blocks until there is something to write and nobody else does. False:
// the queue is closed, or the goroutine not needed for now. Call with mu held.
func (q *queue) wait() bool {
	for !q.closed && (q.writing || !q.work()) {
		if q.retire && !q.writing {
			q.retire, q.running = false, false
			return false
		}
		q.wake.Wait()
	}
	return !q.closed
}

// release says how much of the budgets was written, and takes messages back
// that may be used again. Call with mu held.
func (q *queue) release(small, held int, used []*message) {
	q.small.release(small, q.limit)
	q.held.release(held, q.limit)
	for _, m := range used {
		q.keep(m)
	}
}

// keep takes a message back. Call with mu held.
func (q *queue) keep(m *message) {
	if q.kept < maxKept && m.reset() {
		q.kept += m.kept()
		q.spare = append(q.spare, m)
	}
}

// giveBack is keep for a message that was not queued.
func (q *queue) giveBack(m *message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.keep(m)
}

// quiet gives back what a busy link keeps. The caller holds mu.
func (q *queue) quiet() { q.spare, q.kept = nil, 0 }

// close ends the queue; what is in it is gone.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.done)
		q.ready, q.large, q.lanes = fifo{}, nil, nil
		q.wake.Broadcast()
	}
}

// queued is the bytes not yet written.
func (q *queue) queued() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.small.bytes + q.held.bytes
}
