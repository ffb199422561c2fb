package feedback

import (
	"slices"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

func TestMissing(t *testing.T) {
	var m Missing
	for _, n := range []uint64{100, 101, 104} {
		if m.Arrived(n, 0) {
			t.Fatal("hopeless")
		}
	}
	due := func(now int64) []uint16 {
		list, _ := m.Due(nil, now)
		return list
	}
	if got := due(ms); len(got) != 0 {
		t.Errorf("asked at once for %v", got)
	}
	if got := due(10 * ms); !slices.Equal(got, []uint16{102, 103}) {
		t.Errorf("asked for %v", got)
	}
	if got := due(20 * ms); len(got) != 0 {
		t.Errorf("asked again for %v", got)
	}
	m.Arrived(103, 30*ms)
	m.Arrived(103, 30*ms)
	if got := due(60 * ms); !slices.Equal(got, []uint16{102}) {
		t.Errorf("asked for %v", got)
	}
	if _, lost := m.Due(nil, 2000*ms); !lost || m.Any() {
		t.Error("not given up")
	}
	if !m.Arrived(1000, 0) || m.Any() {
		t.Error("a gap of hundreds is not hopeless")
	}
}

func TestReception(t *testing.T) {
	r := Reception{SSRC: 7, ClockRate: 90000}
	if _, ok := r.Report(0); ok {
		t.Error("a report about nothing")
	}
	for i := range uint64(100) {
		if i%10 == 3 {
			continue
		}
		r.Arrived(65536+i, uint32(i*3000), int64(i)*int64(time.Second)/30)
	}
	r.SenderReport(0x1234_5678_9abc_def0, 0)
	b, ok := r.Report(int64(time.Second))
	if !ok || b.TotalLost != 10 || b.FractionLost != 25 || b.LastSequenceNumber != 65536+99 {
		t.Errorf("%+v", b)
	}
	if b.LastSenderReport != 0x56789abc || b.Delay != 65536 || b.Jitter > 90 {
		t.Errorf("%+v", b)
	}
	if b, _ = r.Report(int64(time.Second)); b.FractionLost != 0 {
		t.Errorf("nothing came, %d lost", b.FractionLost)
	}
}

func TestNTP(t *testing.T) {
	if got := NTP(time.Unix(0, int64(time.Second/2))); got != 2208988800<<32|1<<31 {
		t.Errorf("%x", got)
	}
}

func TestNACK(t *testing.T) {
	n := NACK(1, 2, []uint16{65535, 0, 40})
	if len(n.Nacks) != 2 || n.Nacks[0].PacketID != 65535 || n.Nacks[1].PacketID != 40 {
		t.Errorf("%+v", n)
	}
}
