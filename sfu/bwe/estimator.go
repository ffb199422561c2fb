package bwe

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// Bounds of an estimate in bit/s.
const (
	Least = 30_000
	Most  = 100_000_000
)

// Rules by which the two estimates move.
const (
	decrease    = 0.85 // of what arrives, on overuse
	growth      = 0.08 // per second
	ahead       = 1.5  // of what arrives: more is a guess that nothing supports
	proven      = 0.95 // of what arrives without trouble is at least there
	lossPeriod  = int64(200 * time.Millisecond)
	lossPackets = 20   // fewer say nothing
	lossLittle  = 0.02 // below: more fits
	lossMuch    = 0.10 // above: less does
	lossGrowth  = 1.05
)

// Estimator estimates one path. Sent may be called from any goroutine, and
// allocates nothing; the other methods lock.
type Estimator struct {
	ledger   ledger
	estimate atomic.Int64

	mu      sync.Mutex
	times   arrivalTimes
	trend   trend
	arrives throughput
	delay   float64 // bit/s
	loss    float64
	moved   int64 // when delay was
	judged  int64 // when loss was
	got     int
	missed  int
	trouble int64 // last overuse or loss
	probe   probe
}

// New makes an estimator that begins at start bit/s.
func New(start int) *Estimator {
	e := &Estimator{trend: newTrend(), delay: float64(start), loss: float64(start)}
	e.publish()
	return e
}

// Sent notes that a packet of size bytes left with a transport-wide sequence
// number.
func (e *Estimator) Sent(seq uint16, size int, now int64) { e.ledger.sent(seq, size, now) }

// Estimate is what the path can take, in bit/s.
func (e *Estimator) Estimate() int { return int(e.estimate.Load()) }

// Feedback takes a client's report about when packets arrived. What it says
// about packets that were not sent is passed over.
func (e *Estimator) Feedback(fb *rtcp.TransportLayerCC, now int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	seen := normal
	e.times.walk(fb, func(seq uint16, at int64, received bool) {
		if !received {
			if e.ledger.missing(seq) {
				e.missed++
			}
			return
		}
		p, ok := e.ledger.arrived(seq)
		if !ok {
			return
		}
		if p.lost {
			e.missed-- // it was only late
		}
		e.got++
		e.arrives.add(at, p.size)
		if e.probe.covers(p.at) {
			e.probe.cluster.add(p.at, at, p.size)
		}
		if s := e.trend.add(p.at, at); s == overuse || seen == normal {
			seen = s
		}
	})
	e.followDelay(seen, now)
	e.followLoss(now)
	e.followProbe()
	e.publish()
}

// followDelay is the controller of draft-ietf-rmcat-gcc-02 §5.5 with a
// multiplicative increase only.
func (e *Estimator) followDelay(s signal, now int64) {
	elapsed := min(now-e.moved, int64(time.Second))
	if e.moved == 0 {
		elapsed = 0
	}
	e.moved = now
	arrives := float64(e.arrives.rate())
	switch s {
	case overuse:
		e.blame(now)
		e.trouble = now
		if arrives > 0 {
			e.delay = min(e.delay, decrease*arrives)
		} else {
			e.delay *= decrease
		}
	case underuse: // the queue drains: wait
	case normal:
		if arrives == 0 {
			return
		}
		if grown := e.delay * (1 + growth*float64(elapsed)/float64(time.Second)); grown <= ahead*arrives {
			e.delay = grown
		}
		e.delay = max(e.delay, proven*arrives)
	}
}

// followLoss is §6 of the same draft, with the growth that Fishjam uses.
func (e *Estimator) followLoss(now int64) {
	total := e.got + e.missed
	if now-e.judged < lossPeriod || total < lossPackets {
		return
	}
	lost := float64(max(e.missed, 0)) / float64(total)
	e.judged, e.got, e.missed = now, 0, 0
	switch {
	case lost < lossLittle:
		e.loss = max(e.loss*lossGrowth, proven*float64(e.arrives.rate()))
	case lost > lossMuch:
		e.blame(now)
		e.trouble = now
		e.loss *= 1 - lost/2
	}
	e.loss = min(e.loss, ahead*e.delay)
}

func (e *Estimator) publish() {
	e.delay = min(max(e.delay, Least), Most)
	e.loss = min(max(e.loss, Least), Most)
	e.estimate.Store(int64(min(e.delay, e.loss)))
}
