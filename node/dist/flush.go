package dist

import (
	"runtime"
	"time"
)

// streamGap is the time since the last write below which messages count as a
// stream: those are left to the writer's goroutine, which writes many at once.
const streamGap = 10 * time.Microsecond

// flush sees to it that what is queued is written. If that is little, nobody
// writes and it is no stream, the caller does it: a call's answer then leaves
// without waiting for another goroutine, and so for another thread, to wake up.
// It never blocks: what the socket does not take at once is left to the writer's
// goroutine, and so is any error.
func (w *writer) flush() {
	if !w.turn() {
		return
	}
	n := w.direct.write(w.text)
	if n == len(w.text) {
		w.done(n)
	} else {
		w.part(n)
	}
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	if w.queue.work() {
		w.queue.rouse()
	}
}

// turn assembles a write for flush; false when others write what is queued.
func (w *writer) turn() bool {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case !q.work() || q.writing || q.closed:
		return false
	case w.direct == nil || q.start == nil || q.parted || !q.little() || w.clock.idle() < streamGap:
		q.rouse()
		return false
	}
	q.writing = true
	w.assemble()
	return true
}

// little says that all that is queued is copied into one small piece. Call with
// mu held.
func (q *queue) little() bool { return q.small.bytes <= copyLimit && q.held.bytes == 0 }

// part ends the turn of a flush of which only n bytes were written.
func (w *writer) part(n int) {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	w.sent = n
	w.queue.parted, w.queue.writing = true, false
}

// hurry flushes messages that were queued to go with others and are still there.
// First it lets goroutines run that may have more to send.
func (w *writer) hurry() {
	if w.queue.late.Load() {
		runtime.Gosched()
		if w.queue.late.Swap(false) {
			w.flush()
		}
	}
}

// tick sends a tick unless something else is written, and lets the writer's
// goroutine end: the link is quiet, and there may be thousands of those.
func (w *writer) tick() {
	q := w.queue
	q.mu.Lock()
	quiet := !q.work()
	q.tick = true
	q.mu.Unlock()
	w.flush()
	q.mu.Lock()
	defer q.mu.Unlock()
	if quiet && q.running {
		q.retire = true
		q.wake.Signal()
	}
}
