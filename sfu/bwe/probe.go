package bwe

import "time"

// Probes last half a second, follow each other with a pause, and wait longer
// after trouble. One asks for half as much again as the estimate, at least for
// probeStep more.
const (
	probeTime  = int64(500 * time.Millisecond)
	probePause = int64(500 * time.Millisecond)
	probeQuiet = int64(3 * time.Second)
	probeStep  = 200_000
	probeRatio = 1.5
	probeMost  = 20_000 // bytes of padding at once
)

// probe is padding that is sent to see whether it arrives.
type probe struct {
	start int64 // 0: none under way
	end   int64
	rate  int   // bit/s, media included
	base  int64 // bytes that had been sent at the start
}

// Probe says how many bytes of padding to send now in order to find out
// whether wanted bit/s would fit; 0 for none. It is meant to be called about
// every 10 ms, and to see the padding through Sent. A probe ends at the first
// sign of trouble.
func (e *Estimator) Probe(now int64, wanted int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	estimate := e.Estimate()
	p := &e.probe
	if p.start == 0 {
		quiet := e.trouble == 0 || now-e.trouble > probeQuiet
		if wanted <= estimate || !quiet || (p.end != 0 && now-p.end < probePause) {
			return 0
		}
		rate := min(wanted, max(int(probeRatio*float64(estimate)), estimate+probeStep))
		*p = probe{start: now, rate: rate + rate/20, base: e.ledger.bytes.Load()}
		return 0
	}
	if now-p.start > probeTime || e.trouble > p.start {
		*p = probe{end: now}
		return 0
	}
	due := int64(p.rate) * (now - p.start) / (8 * int64(time.Second))
	return int(min(max(due-(e.ledger.bytes.Load()-p.base), 0), probeMost))
}
