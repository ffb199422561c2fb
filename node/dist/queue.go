package dist

import (
	"context"
	"errors"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// queue is what a link still has to write, in an order of its own.
//
// Small messages go first in, first out. Large ones are cut into fragments, and
// all that are under way take turns, one fragment each; small messages pass
// between the fragments. Only what the sender of a large message sends after
// it waits, in its lane, until the last fragment has gone: so signals between
// two processes keep their order.
type queue struct {
	limit     int  // bytes above which push waits
	fragments bool // the peer takes fragments

	mu      sync.Mutex
	wake    sync.Cond // there is work for the writer
	closed  bool
	tick    bool // a tick is due unless something else is written
	bytes   int  // queued, not yet written
	ready   fifo
	large   []*message // under way, next in turn first
	lanes   map[etf.Pid]*lane
	room    chan struct{} // closed when bytes falls to limit; nil: nobody waits
	done    chan struct{} // closed with the queue
	spare   []*message
	kept    int // bytes of spare
	nextSeq uint64
	pass    bool
}

// lane is the messages behind a large message of one sender.
type lane struct{ waiting fifo }

// maxKept bounds the bytes of messages kept for use again.
const maxKept = 512 << 10

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

// push queues m once no more than limit bytes are queued.
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

// tryPush queues m unless more than limit bytes are queued: then it returns
// ErrBusy and what to wait for.
func (q *queue) tryPush(m *message, limit int) (room <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return nil, ErrClosed
	case q.bytes > limit:
		if q.room == nil {
			q.room = make(chan struct{})
		}
		return q.room, ErrBusy
	}
	q.bytes += m.size()
	q.place(m)
	q.wake.Signal()
	return nil, nil
}

// place puts m where its order demands.
func (q *queue) place(m *message) {
	switch {
	case m.order == afterAll && len(q.lanes) > 0:
		m.blockers = len(q.lanes)
		for _, l := range q.lanes {
			l.waiting.push(m)
		}
	case m.order == bySender && len(q.lanes) > 0 && q.lanes[m.key] != nil:
		q.lanes[m.key].waiting.push(m)
	default:
		q.admit(m)
	}
}

// admit lets the writer have m. It reports whether m opened its lane.
func (q *queue) admit(m *message) bool {
	if !q.fragments || len(m.body) <= fragmentSize || m.order != bySender {
		q.ready.push(m)
		return false
	}
	q.nextSeq++
	m.begin(q.nextSeq)
	q.large = append(q.large, m)
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
		}
	}
}

// wait blocks until there is something to write. False: the queue is closed.
func (q *queue) wait() bool {
	for !q.closed && !q.tick && q.ready.len() == 0 && len(q.large) == 0 {
		q.wake.Wait()
	}
	return !q.closed
}

// release says that messages of so many bytes were written, and takes back
// those that may be used again.
func (q *queue) release(bytes int, used []*message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes -= bytes; q.bytes <= q.limit && q.room != nil {
		close(q.room)
		q.room = nil
	}
	for _, m := range used {
		if q.kept < maxKept && m.reset() {
			q.kept += m.kept()
			q.spare = append(q.spare, m)
		}
	}
}

// quiet gives back what a busy link keeps. The caller holds mu.
func (q *queue) quiet() { q.spare, q.kept = nil, 0 }

// tickDue asks the writer for a tick.
func (q *queue) tickDue() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tick = true
	q.wake.Signal()
}

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
	return q.bytes
}

// maxIdleFifo is the room an empty fifo keeps.
const maxIdleFifo = 1024

// fifo is a queue of messages whose memory is used again.
type fifo struct {
	list []*message
	head int
}

func (f *fifo) len() int { return len(f.list) - f.head }

func (f *fifo) push(m *message) {
	if f.head > 32 && f.head > len(f.list)/2 {
		n := copy(f.list, f.list[f.head:])
		clear(f.list[n:])
		f.list, f.head = f.list[:n], 0
	}
	f.list = append(f.list, m)
}

// pop takes the first message, nil if there is none.
func (f *fifo) pop() *message {
	if f.len() == 0 {
		return nil
	}
	m := f.list[f.head]
	f.list[f.head] = nil
	if f.head++; f.head == len(f.list) {
		f.list, f.head = f.list[:0], 0
		if cap(f.list) > maxIdleFifo {
			f.list = nil
		}
	}
	return m
}
