package tally

import (
	"sync/atomic"
	"time"
)

// buckets is how many bounded buckets a histogram has.
const buckets = 13

// Bounds are the upper bounds of a histogram's buckets, ascending; longer times
// are in none.
func Bounds() [buckets]time.Duration {
	const us, ms = time.Microsecond, time.Millisecond
	return [buckets]time.Duration{
		50 * us, 100 * us, 250 * us, 500 * us, ms, 2500 * us, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, time.Second,
	}
}

// Histogram counts times by their length. The zero value is ready.
type Histogram struct {
	counts [buckets + 1]atomic.Int64 // the last one: longer than all bounds
	sum    atomic.Int64              // ns
}

// Observe counts a time in nanoseconds; a negative one is 0.
func (h *Histogram) Observe(ns int64) {
	ns = max(ns, 0)
	at := buckets
	for i, bound := range Bounds() {
		if ns <= int64(bound) {
			at = i
			break
		}
	}
	h.counts[at].Add(1)
	h.sum.Add(ns)
}

// Distribution is what a histogram holds.
type Distribution struct {
	Counts [buckets + 1]int64 // by Bounds, each without those before; the last: longer
	Sum    time.Duration      // of all times
}

func (d *Distribution) add(h *Histogram) {
	for i := range h.counts {
		d.Counts[i] += h.counts[i].Load()
	}
	d.Sum += time.Duration(h.sum.Load())
}

// Count is how many times were observed.
func (d Distribution) Count() int64 {
	var n int64
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// Cumulative gives for each bound, in seconds, how many times were no longer.
func (d Distribution) Cumulative() map[float64]uint64 {
	m := make(map[float64]uint64, buckets)
	n := uint64(0)
	for i, bound := range Bounds() {
		n += uint64(d.Counts[i])
		m[bound.Seconds()] = n
	}
	return m
}
