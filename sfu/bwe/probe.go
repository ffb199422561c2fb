package bwe

import "time"

// Probes ask for more than the estimate, in steps of their own length, and
// follow each other with a pause. A path of which nothing bad is known is
// probed boldly; one on which a probe has failed, carefully, until one succeeds.
const (
	boldTime  = int64(200 * time.Millisecond)
	boldPause = int64(100 * time.Millisecond)
	boldQuiet = int64(1500 * time.Millisecond) // after trouble
	boldRatio = 2.5                            // of the estimate

	carefulTime  = int64(500 * time.Millisecond)
	carefulPause = int64(500 * time.Millisecond)
	carefulQuiet = int64(3 * time.Second)
	carefulRatio = 1.5

	probeStep  = 200_000                       // bit/s that a probe asks for at least
	probeMost  = 20_000                        // bytes of padding at once
	probeBlame = int64(500 * time.Millisecond) // trouble so soon after a probe is its fault
)

// A probe shows something when so much of it has arrived.
const (
	shownPackets = 8
	shownTime    = int64(50 * time.Millisecond)
)

// probe is padding that is sent to see whether it arrives.
type probe struct {
	start   int64 // 0: there was none
	end     int64 // 0: under way
	rate    int   // bit/s, media included
	base    int64 // bytes that had been sent at the start
	careful bool  // the path has failed a probe
	cluster cluster
}

// Probe says how many bytes of padding to send now in order to find out
// whether wanted bit/s would fit; 0 for none. It is meant to be called about
// every 10 ms, and to see the padding through Sent. A probe ends at the first
// sign of trouble.
func (e *Estimator) Probe(now int64, wanted int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.probe
	if p.start == 0 || p.end != 0 {
		if wanted > e.Estimate() && e.mayProbe(now) {
			e.begin(now, wanted)
		}
		return 0
	}
	if now-p.start > p.length() || e.trouble > p.start {
		p.end = now
		return 0
	}
	due := int64(p.rate) * (now - p.start) / (8 * int64(time.Second))
	return int(min(max(due-(e.ledger.bytes.Load()-p.base), 0), probeMost))
}

// covers reports whether a packet that was sent at a time is of the probe.
func (p *probe) covers(sent int64) bool {
	return p.start != 0 && sent >= p.start && (p.end == 0 || sent <= p.end)
}

func (p *probe) length() int64 {
	if p.careful {
		return carefulTime
	}
	return boldTime
}

// mayProbe reports whether the last probe and the last trouble are long enough
// ago.
func (e *Estimator) mayProbe(now int64) bool {
	pause, quiet := boldPause, boldQuiet
	if e.probe.careful {
		pause, quiet = carefulPause, carefulQuiet
	}
	return (e.trouble == 0 || now-e.trouble > quiet) && (e.probe.end == 0 || now-e.probe.end >= pause)
}

func (e *Estimator) begin(now int64, wanted int) {
	ratio, careful := boldRatio, e.probe.careful
	if careful {
		ratio = carefulRatio
	}
	estimate := e.Estimate()
	rate := min(wanted, max(int(ratio*float64(estimate)), estimate+probeStep))
	e.probe = probe{start: now, rate: rate + rate/20, base: e.ledger.bytes.Load(), careful: careful}
}

// blame makes the next probes careful if trouble came of one.
func (e *Estimator) blame(now int64) {
	p := &e.probe
	if p.start != 0 && now > p.start && (p.end == 0 || now-p.end < probeBlame) {
		p.careful = true
	}
}

// followProbe believes what a probe has shown: what arrived as fast as it was
// sent fits. Nothing is believed of one that made trouble.
func (e *Estimator) followProbe() {
	p := &e.probe
	if p.end == 0 || e.trouble > p.start {
		return
	}
	shown := min(p.cluster.rate(), float64(p.rate))
	if shown == 0 {
		return
	}
	e.delay, e.loss = max(e.delay, proven*shown), max(e.loss, proven*shown)
	if shown > proven*proven*float64(p.rate) {
		p.careful = false
	}
}

// cluster is what arrived of the packets that were sent during a probe.
type cluster struct {
	packets, bytes int
	firstSize      int
	sent, arrived  [2]int64 // first and last
}

// add notes a packet. Those of one probe come in order, but for a few.
func (c *cluster) add(sent, arrived int64, size int) {
	if c.packets == 0 {
		c.firstSize, c.sent, c.arrived = size, [2]int64{sent, sent}, [2]int64{arrived, arrived}
	}
	c.packets++
	c.bytes += size
	c.sent[1], c.arrived[1] = max(c.sent[1], sent), max(c.arrived[1], arrived)
}

// rate is in bit/s: the smaller one of what was sent and what arrived, which
// may have come in a burst; 0 while it shows nothing.
func (c *cluster) rate() float64 {
	span := max(c.sent[1]-c.sent[0], c.arrived[1]-c.arrived[0])
	if c.packets < shownPackets || span < shownTime {
		return 0
	}
	return float64(c.bytes-c.firstSize) * 8 * float64(time.Second) / float64(span)
}
