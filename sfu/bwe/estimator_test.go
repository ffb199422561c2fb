package bwe

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"pgregory.net/rapid"
)

// A subscriber is moved down within 3 s of a limit, and up again within 10 s of
// its end.
func TestLimitComesAndGoes(t *testing.T) {
	p := newPath(t, 20_000_000, simulcast())
	p.at(2, 10*time.Second)
	p.run(10*time.Second, nil)
	p.capacity = 750_000
	p.at(1, 3*time.Second)
	p.run(20*time.Second, func() bool { return p.demands[0].Current == 2 })
	if p.demands[0].Current == 2 {
		t.Fatalf("went up although only %d fit (estimate %d)", p.capacity, p.e.Estimate())
	}
	p.capacity = 20_000_000
	p.at(2, 10*time.Second)
}

func TestNarrowPathSettles(t *testing.T) {
	p := newPath(t, 400_000, simulcast())
	p.at(0, 10*time.Second)
	changes, last := 0, 0
	p.run(60*time.Second, func() bool {
		if c := p.demands[0].Current; c != last {
			changes, last = changes+1, c
		}
		return false
	})
	if changes > 12 {
		t.Fatalf("%d changes of variant in a minute", changes)
	}
	if e := p.e.Estimate(); e < 150_000 || e > 700_000 {
		t.Fatalf("estimate %d on a path of %d", e, p.capacity)
	}
}

// Random loss of 5 % is no congestion.
func TestRandomLoss(t *testing.T) {
	p := newPath(t, 20_000_000, simulcast())
	p.at(2, 10*time.Second)
	p.loss = 0.05
	p.run(30*time.Second, nil)
	if p.demands[0].Current != 2 {
		t.Fatalf("variant %d, estimate %d", p.demands[0].Current, p.e.Estimate())
	}
}

// A machine that does nothing for a moment every second delays packets as a full
// queue does; bandwidth that is ample is found all the same, and found again.
func TestStalls(t *testing.T) {
	p := newPath(t, 20_000_000, simulcast())
	p.stalls = [2]int64{1000 * millisecond, 70 * millisecond}
	p.at(2, 5*time.Second)
	best := 0
	p.run(60*time.Second, func() bool {
		if p.demands[0].Current == 2 {
			best++
		}
		return false
	})
	t.Logf("the best variant for %v of a minute", time.Duration(best)*10*time.Millisecond)
	if best < 4500 {
		t.Errorf("the best variant for %d of 6000 steps", best)
	}
}

// A path that always fits the best variant is found within a second or two.
func TestClimb(t *testing.T) {
	for _, high := range []int{1_500_000, 2_500_000, 6_000_000} {
		p := newPath(t, 50_000_000, Demand{Bitrates: []int{150_000, 500_000, high}})
		p.at(2, 2*time.Second)
	}
}

// After a probe has failed, the next ones are careful: the queue is full only
// for a small part of the time.
func TestFailedProbesAreCareful(t *testing.T) {
	p := newPath(t, 700_000, simulcast())
	p.run(5*time.Second, nil)
	probed := p.probed
	full, steps := 0, 0
	p.run(60*time.Second, func() bool {
		steps++
		if p.free-p.now > 150*millisecond {
			full++
		}
		return false
	})
	t.Logf("the queue is long for %d of %d steps; %d bytes of padding", full, steps, p.probed-probed)
	if full*10 > steps {
		t.Errorf("the queue is long for %d of %d steps", full, steps)
	}
}

func TestHeavyLoss(t *testing.T) {
	p := newPath(t, 20_000_000, simulcast())
	p.at(2, 10*time.Second)
	p.loss = 0.3
	p.at(0, 10*time.Second)
}

func TestNoProbeWithoutWish(t *testing.T) {
	p := newPath(t, 20_000_000, Demand{Bitrates: []int{50_000}})
	p.run(10*time.Second, nil)
	if p.probed != 0 {
		t.Fatalf("%d bytes of padding though nobody wants more", p.probed)
	}
}

func TestFeedbackFromNowhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New(300_000)
		raw := rapid.SliceOfN(rapid.Byte(), 16, 200).Draw(t, "bytes")
		fb := &rtcp.TransportLayerCC{
			BaseSequenceNumber: uint16(raw[0])<<8 | uint16(raw[1]),
			PacketStatusCount:  uint16(raw[2])<<8 | uint16(raw[3]),
			ReferenceTime:      uint32(raw[4])<<16 | uint32(raw[5]),
		}
		now := int64(1e9)
		for i := range 300 {
			e.Sent(uint16(i), 1000, now)
		}
		for i := 6; i+1 < len(raw); i += 2 {
			fb.PacketChunks = append(fb.PacketChunks, &rtcp.RunLengthChunk{PacketStatusSymbol: uint16(raw[i] & 3), RunLength: uint16(raw[i+1])})
			fb.RecvDeltas = append(fb.RecvDeltas, &rtcp.RecvDelta{Delta: int64(int8(raw[i+1])) * 250})
		}
		for range 5 {
			now += 100 * millisecond
			e.Feedback(fb, now)
		}
		if n := e.Estimate(); n < Least || n > Most {
			t.Fatalf("estimate %d", n)
		}
	})
}

// A first report may tell of arrivals before its own reference time.
func TestArrivalsBeforeTheFirst(t *testing.T) {
	e := New(300_000)
	e.Sent(0, 1000, 1)
	e.Feedback(&rtcp.TransportLayerCC{
		PacketStatusCount: 1,
		PacketChunks:      []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedLargeDelta, RunLength: 1}},
		RecvDeltas:        []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedLargeDelta, Delta: -250}},
	}, 2)
	var before, after throughput // the same at any time
	for i := range int64(2 * cellCount) {
		before.add((i-cellCount)*cellWidth-1, int(i))
		after.add((i+cellCount)*cellWidth-1, int(i))
	}
	if before.rate() != after.rate() || before.rate() == 0 {
		t.Errorf("%d bit/s before the first time, %d after it", before.rate(), after.rate())
	}
}

func TestSentAllocatesNothing(t *testing.T) {
	e := New(300_000)
	seq := uint16(0)
	if n := testing.AllocsPerRun(1000, func() { e.Sent(seq, 1200, int64(seq)); seq++ }); n != 0 {
		t.Fatalf("%v allocations per packet", n)
	}
}

func TestReferenceTimeWraps(t *testing.T) {
	var a arrivalTimes
	first := a.base(0xffffff)
	if got := a.base(1) - first; got != 2*referenceUnit {
		t.Fatalf("%d", got)
	}
	if got := a.base(0xffffff) - first; got != 0 {
		t.Fatalf("%d after going back", got)
	}
}
