package sfu

import (
	"time"

	"github.com/pion/rtcp"

	"github.com/fjord-media/fjord/sfu/rtp"
)

const reportPeriod = int64(time.Second)

// maxBlocks is how many blocks fit a receiver report (RFC 3550 §6.4.2).
const maxBlocks = 31

// tick sends what is due: feedback for congestion control, NACKs again,
// receiver reports. And it judges the activity of variants.
func (u *uplink) tick(now int64) {
	if u.any {
		u.any = false
		u.send(u.arrived.BuildFeedbackPacket()...)
	}
	for _, s := range u.order {
		if s.missing.Any() {
			u.ask(s, now)
		}
	}
	for _, l := range u.config.Load().mids {
		if t := l.track.track.Load(); t != nil {
			t.Tick(now)
		}
	}
	if now < u.report {
		return
	}
	u.report = now + reportPeriod
	u.forget(now)
	var blocks []rtcp.ReceptionReport
	for _, s := range u.order {
		u.count(s)
		if b, ok := s.reception.Report(now); ok && len(blocks) < maxBlocks {
			blocks = append(blocks, b)
			u.tally.Jitter.Observe(int64(b.Jitter) * int64(time.Second) / int64(max(1, s.reception.ClockRate)))
		}
	}
	if len(blocks) > 0 {
		u.send(&rtcp.ReceiverReport{SSRC: u.ssrc, Reports: blocks})
	}
}

// count moves what a source has counted to the node's counters.
func (u *uplink) count(s *source) {
	u.tally.Missing.Add(s.missing.Found)
	u.tally.Lost.Add(s.missing.Lost)
	s.missing.Found, s.missing.Lost = 0, 0
}

// senderReport relates a stream's timestamps to our clock.
func (u *uplink) senderReport(r *rtcp.SenderReport, arrival int64) {
	s := u.sources[r.SSRC]
	if s == nil || s.repair || s.retired != 0 {
		return
	}
	s.reception.SenderReport(r.NTPTime, arrival)
	if t := s.line.track.track.Load(); t != nil {
		t.Variants()[s.variant].SetClock(Clock{
			Timestamp: r.RTPTime, At: u.clock.local(r.NTPTime, arrival), Epoch: rtp.Epoch(s.unwrap.Highest()),
		})
	}
}

// clockOffset translates a client's NTP time to our monotonic one: by one
// offset for all its tracks, so that sound and picture stay together. The
// report that was fastest on its way counts.
type clockOffset struct {
	known  bool
	offset int64
}

func (c *clockOffset) local(ntp uint64, arrival int64) int64 {
	nanos := int64(ntp>>32)*int64(time.Second) + int64((ntp&0xffffffff)*uint64(time.Second)>>32)
	if d := arrival - nanos; !c.known || d < c.offset || d > c.offset+int64(10*time.Second) {
		c.known, c.offset = true, d
	}
	return nanos + c.offset
}
