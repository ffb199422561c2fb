package dist

import (
	"sync"
	"sync/atomic"
	"time"
)

// clock knows when a link last read and wrote.
type clock struct {
	start   time.Time
	read    atomic.Int64 // since start: last byte read, or begin of the read that waits
	write   atomic.Int64 // since start: end of the last write
	reading atomic.Bool  // the reader waits for bytes, and does not deliver
}

func newClock() *clock { return &clock{start: time.Now()} }

func (c *clock) now() int64 { return int64(time.Since(c.start)) }

// wrote notes that bytes were written.
func (c *clock) wrote() { c.write.Store(c.now()) }

// beginRead and endRead stand around each read. The time of deliveries between
// them does not count as silence of the peer.
func (c *clock) beginRead() {
	c.read.Store(c.now())
	c.reading.Store(true)
}

func (c *clock) endRead() { c.reading.Store(false) }

// silence is how long the peer has been silent.
func (c *clock) silence() time.Duration {
	if !c.reading.Load() {
		return 0
	}
	return time.Duration(c.now() - c.read.Load())
}

// idle is how long nothing was written.
func (c *clock) idle() time.Duration { return time.Duration(c.now() - c.write.Load()) }

// ticker asks for ticks when nothing was written for a quarter of tickTime, and
// ends the link after five quarters of silence. It is a timer and no goroutine:
// a node may have thousands of quiet links.
type ticker struct {
	link    *Link
	quarter time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func startTicker(l *Link) *ticker {
	t := &ticker{link: l, quarter: max(l.opts.TickTime/4, time.Millisecond)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(t.quarter, t.check)
	return t
}

// check is called when a tick may be due, or the peer silent for too long.
func (t *ticker) check() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	silence, idle := t.link.clock.silence(), t.link.clock.idle()
	if silence >= 5*t.quarter {
		t.link.Close(ErrTickedOut)
		return
	}
	if idle >= t.quarter {
		t.link.out.tick()
		idle = 0
	}
	t.timer.Reset(max(min(t.quarter-idle, 5*t.quarter-silence), time.Millisecond))
}

// stop ends the ticker; no check runs when it returns.
func (t *ticker) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.timer.Stop()
}
