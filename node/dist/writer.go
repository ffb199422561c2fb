package dist

import (
	"context"
	"net"
)

// Sizes of one write. What is handed to the socket cannot be overtaken.
const (
	batchBytes  = 128 << 10 // of small messages, less than one message over
	copyLimit   = 4 << 10   // bodies up to this are copied into one piece
	maxFragment = 2         // fragments of large messages at the end of a write
)

// writer puts queued messages on the wire. One at a time uses it: its goroutine,
// or whoever queued a small message and writes it at once (see flush). The
// writing field of the queue says that somebody does.
type writer struct {
	conn     net.Conn
	direct   *direct // writes without waiting; nil: conn cannot
	vectored bool    // many pieces are one system call
	queue    *queue
	cache    atomCacheOut
	stats    *counters
	clock    *clock

	text    []byte // heads and small bodies
	sent    int    // of text: a flush wrote that much
	pieces  []piece
	vector  net.Buffers
	pending net.Buffers
	used    []*message // gone with this write
	small   int        // what this write takes off the budgets of the queue
	held    int
}

// piece is a part of a write: a section of text, or the body of a message.
type piece struct {
	start, end int
	body       []byte
}

// run writes until the queue is closed, a write fails, or there is nothing to do
// for long.
func (w *writer) run(context.Context) error {
	for w.take() {
		n, err := w.write()
		if err != nil {
			return err
		}
		w.done(n)
	}
	return nil
}

// take waits for a turn and assembles the next write. False: see queue.wait.
func (w *writer) take() bool {
	q := w.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.wait() {
		return false
	}
	q.writing = true
	if !q.parted {
		w.assemble()
	}
	q.parted = false
	return true
}

// assemble takes what the next write is from the queue, whose mu is held.
func (w *writer) assemble() {
	q := w.queue
	q.late.Store(false)
	for size := 0; size < batchBytes; {
		m := q.next()
		if m == nil {
			break
		}
		size += w.whole(m)
	}
	for i := 0; i < maxFragment && len(q.large) > 0; i++ {
		w.fragment(q)
	}
	if len(w.pieces) == 0 {
		q.quiet()
		w.add(append(w.text, 0, 0, 0, 0), nil)
	}
	q.tick = false
}

// done ends the turn: a write of n bytes is out.
func (w *writer) done(n int) {
	w.clock.wrote()
	w.stats.bytesOut.Add(uint64(n))
	w.stats.messagesOut.Add(uint64(len(w.used)))
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	w.queue.release(w.small, w.held, w.used)
	w.clear()
	w.queue.writing = false
}

// whole adds a message as one frame and tells its size.
func (w *writer) whole(m *message) int {
	w.body(m.appendWhole(w.text, &w.cache), m, 0, m.length())
	w.used = append(w.used, m)
	w.small += m.size()
	return m.length()
}

// body adds a head and behind it the bytes from..to of a message: copied where
// they are few.
func (w *writer) body(text []byte, m *message, from, to int) {
	if len(m.apart) == 0 {
		w.data(text, m.body[from:to])
		return
	}
	w.add(text, nil)
	m.parts(from, to, func(b []byte) { w.data(w.text, b) })
}

// data adds text and bytes.
func (w *writer) data(text, b []byte) {
	if !w.vectored || len(b) <= copyLimit {
		w.add(append(text, b...), nil)
	} else {
		w.add(text, b)
	}
}

// fragment adds the next fragment of the large message whose turn it is.
func (w *writer) fragment(q *queue) {
	m := q.large[0]
	text, from, to := m.appendFragment(w.text, &w.cache)
	w.body(text, m, from, to)
	w.held += to - from
	copy(q.large, q.large[1:])
	if m.left > 0 {
		q.large[len(q.large)-1] = m
		return
	}
	q.large[len(q.large)-1] = nil
	q.large = q.large[:len(q.large)-1]
	q.finish(m)
	w.used = append(w.used, m)
	w.held += overhead
}

// add appends what text grew by, and a body, to the write.
func (w *writer) add(text, body []byte) {
	start := len(w.text)
	w.text = text
	if n := len(w.pieces); n > 0 && w.pieces[n-1].body == nil {
		w.pieces[n-1].end = len(text)
		w.pieces[n-1].body = body
		return
	}
	w.pieces = append(w.pieces, piece{start: start, end: len(text), body: body})
}

// write writes the pieces.
func (w *writer) write() (int, error) {
	if len(w.pieces) == 1 && w.pieces[0].body == nil {
		n, err := w.conn.Write(w.text[w.sent:])
		return w.sent + n, err
	}
	w.vector = w.vector[:0]
	for _, p := range w.pieces {
		w.vector = append(w.vector, w.text[p.start:p.end])
		if p.body != nil {
			w.vector = append(w.vector, p.body)
		}
	}
	w.pending = w.vector // WriteTo eats it
	n, err := w.pending.WriteTo(w.conn)
	return int(n), err
}

// clear forgets the write. Room that is seldom needed is given back.
func (w *writer) clear() {
	if cap(w.text) > 2*batchBytes || len(w.used) <= 1 && cap(w.text) > copyLimit {
		w.text = nil
	}
	clear(w.pieces)
	clear(w.vector[:cap(w.vector)])
	clear(w.used)
	w.text, w.pieces, w.used = w.text[:0], w.pieces[:0], w.used[:0]
	w.small, w.held, w.sent = 0, 0, 0
}

// vectored says whether many pieces are one system call on conn.
func vectored(conn net.Conn) bool {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}
