package feedback

import (
	"time"

	"github.com/pion/rtcp"
)

// Reception counts for receiver reports (RFC 3550 §6.4.1, appendix A.3, A.8).
type Reception struct {
	SSRC      uint32
	ClockRate int // Hz

	begun    bool
	base     uint64
	highest  uint64
	received uint64

	lastExpected, lastReceived uint64

	transit int64
	jitter  float64

	reportAt int64  // arrival of the newest sender report
	report   uint32 // the middle of its NTP time
}

// Arrived notes a packet: its extended sequence number, RTP timestamp and
// monotonic time of arrival in nanoseconds.
func (r *Reception) Arrived(extended uint64, timestamp uint32, arrival int64) {
	now := arrival / int64(time.Microsecond) * int64(r.ClockRate) / int64(time.Second/time.Microsecond)
	transit := int64(int32(uint32(now) - timestamp))
	if !r.begun {
		r.begun, r.base, r.highest, r.transit = true, extended, extended, transit
	}
	r.received++
	r.highest = max(r.highest, extended)
	diff := int64(int32(uint32(transit) - uint32(r.transit)))
	r.transit = transit
	if diff < 0 {
		diff = -diff
	}
	r.jitter += (float64(diff) - r.jitter) / 16
}

// SenderReport notes the NTP time of a sender report.
func (r *Reception) SenderReport(ntp uint64, arrival int64) {
	r.report, r.reportAt = uint32(ntp>>16), arrival
}

// Report is the block for a receiver report. ok is false before the first
// packet.
func (r *Reception) Report(now int64) (b rtcp.ReceptionReport, ok bool) {
	if !r.begun {
		return b, false
	}
	expected := r.highest - r.base + 1
	newExpected, newReceived := expected-r.lastExpected, r.received-r.lastReceived
	r.lastExpected, r.lastReceived = expected, r.received
	var fraction uint8
	if newExpected > newReceived {
		fraction = uint8(min(255, (newExpected-newReceived)*256/newExpected))
	}
	var lost uint32
	if expected > r.received {
		lost = uint32(min(expected-r.received, 0x7fffff))
	}
	b = rtcp.ReceptionReport{
		SSRC: r.SSRC, FractionLost: fraction, TotalLost: lost,
		LastSequenceNumber: uint32(r.highest), Jitter: uint32(r.jitter), LastSenderReport: r.report,
	}
	if r.report != 0 {
		b.Delay = uint32((now - r.reportAt) * 65536 / int64(time.Second))
	}
	return b, true
}
