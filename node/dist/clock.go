package dist

import (
	"context"
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
// ends the link after five quarters of silence.
func (l *Link) ticker(ctx context.Context) error {
	quarter := max(l.opts.TickTime/4, time.Millisecond)
	timer := time.NewTimer(quarter)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.queue.done:
			return nil
		case <-timer.C:
		}
		silence, idle := l.clock.silence(), l.clock.idle()
		if silence >= 5*quarter {
			l.Close(ErrTickedOut)
			return nil
		}
		if idle >= quarter {
			l.queue.tickDue()
			idle = 0
		}
		timer.Reset(max(min(quarter-idle, 5*quarter-silence), time.Millisecond))
	}
}
