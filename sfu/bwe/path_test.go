package bwe

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

const millisecond = int64(time.Millisecond)

// path is a simulated way to a subscriber: a bottleneck with a queue, a delay,
// random loss, and a receiver that reports every 100 ms.
type path struct {
	t        *testing.T
	e        *Estimator
	capacity int // bit/s
	queue    int64
	loss     float64
	stalls   [2]int64 // every so often the receiver's machine does nothing for so long
	random   *rand.Rand

	now     int64
	seq     uint16
	free    int64 // when the bottleneck is idle again
	arrived map[uint16]int64
	base    uint16
	report  int64
	carry   float64
	demands []Demand
	probed  int
}

func newPath(t *testing.T, capacity int, demands ...Demand) *path {
	return &path{t: t, e: New(300_000), capacity: capacity, queue: 300 * millisecond,
		random: rand.New(rand.NewPCG(1, 2)), arrived: map[uint16]int64{}, now: 1e9, demands: demands}
}

func (p *path) send(size int) {
	p.e.Sent(p.seq, size, p.now)
	begin := max(p.free, p.now)
	if begin-p.now <= p.queue && p.random.Float64() >= p.loss {
		p.free = begin + int64(size)*8*1e9/int64(p.capacity)
		at := p.free + 20*millisecond + int64(p.random.IntN(int(2*millisecond)))
		if every, length := p.stalls[0], p.stalls[1]; every > 0 && at%every < length {
			at += length - at%every
		}
		p.arrived[p.seq] = at
	}
	p.seq++
}

// feedback reports what has arrived by now.
func (p *path) feedback() {
	newest, any := p.base, false
	for s := p.base; s != p.seq; s++ {
		if at, ok := p.arrived[s]; ok && at <= p.now {
			newest, any = s, true
		}
	}
	if !any {
		return
	}
	fb := &rtcp.TransportLayerCC{BaseSequenceNumber: p.base}
	first := true
	var last int64
	for s := p.base; s != newest+1; s++ {
		at, ok := p.arrived[s]
		symbol := uint16(rtcp.TypeTCCPacketNotReceived)
		if ok && at <= p.now {
			if first {
				fb.ReferenceTime = uint32(at/referenceUnit) & 0xffffff
				last, first = at/referenceUnit*referenceUnit, false
			}
			delta := (at - last) / 250_000 * 250
			last += delta * 1000
			fb.RecvDeltas = append(fb.RecvDeltas, &rtcp.RecvDelta{Delta: delta})
			symbol = rtcp.TypeTCCPacketReceivedLargeDelta
			delete(p.arrived, s)
		}
		vector := &rtcp.RunLengthChunk{PacketStatusSymbol: symbol, RunLength: 1}
		fb.PacketChunks = append(fb.PacketChunks, vector)
		fb.PacketStatusCount++
	}
	p.base = newest + 1
	p.e.Feedback(fb, p.now)
}

// run sends frames of media at 30 per second and padding as asked for.
func (p *path) run(d time.Duration, until func() bool) (elapsed time.Duration) {
	start := p.now
	for p.now-start < int64(d) {
		p.now += 10 * millisecond
		rate := 0
		for i := range p.demands {
			rate += p.demands[i].rate()
		}
		p.carry += float64(rate) / 8 / 100
		if (p.now/millisecond)%30 == 0 {
			for p.carry >= 1000 {
				p.send(1000)
				p.carry -= 1000
			}
		}
		for n := p.e.Probe(p.now, Wanted(p.demands)); n > 0; n -= 255 {
			p.send(255)
			p.probed += 255
		}
		if p.now >= p.report {
			p.feedback()
			p.report = p.now + 100*millisecond
			if p.now-start > int64(500*millisecond) || start > 1e9 {
				Share(p.e.Estimate(), p.demands)
			}
		}
		if until != nil && until() {
			return time.Duration(p.now - start)
		}
	}
	return d
}

func simulcast() Demand { return Demand{Bitrates: []int{150_000, 500_000, 1_500_000}, Current: 1} }

// at waits for a variant of the first demand.
func (p *path) at(variant int, limit time.Duration) {
	p.t.Helper()
	took := p.run(limit, func() bool { return p.demands[0].Current == variant })
	if p.demands[0].Current != variant {
		p.t.Fatalf("variant %d after %v, want %d (estimate %d)", p.demands[0].Current, limit, variant, p.e.Estimate())
	}
	p.t.Logf("variant %d after %v (simulated), estimate %d", variant, took, p.e.Estimate())
}
