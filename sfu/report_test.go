package sfu

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// TestSenderReports: a report relates the outgoing timestamps to the time by the
// publisher's own report, over changes of the variant and of the stream; while
// that is not known, by when packets came.
func TestSenderReports(t *testing.T) {
	track := newTrack("a", TrackConfig{TrackInfo: TrackInfo{ID: "t", Kind: Video, Codec: "VP8"}, ClockRate: 90000, RIDs: []string{"l", "h"}}, func(int) {})
	d := testDownTrack(t, track)
	if _, ok := d.report(1); ok {
		t.Error("a report before the first packet")
	}
	const frame = int64(40 * time.Millisecond)
	const ticks, captured = 3600, int64(70 * time.Millisecond) // sampled so long before they came
	now := int64(time.Second)
	var out rewritten
	send := func(variant int, epoch uint32, timestamp uint32) {
		now += frame
		u := rtp.NewUnwrapper(epoch)
		p := &rtp.Packet{Timestamp: timestamp, Arrival: now, Frame: rtp.Frame{Start: true, KeyFrame: true}}
		p.Extended, _ = u.Unwrap(uint16(timestamp / ticks))
		if d.choice.current != variant {
			d.begun(variant, p)
		}
		var ok bool
		if out, ok = d.place(p); !ok {
			t.Fatal("refused")
		}
	}
	check := func(what string, since int64) {
		t.Helper()
		const later = int64(300 * time.Millisecond)
		r, ok := d.report(now + later)
		want := out.timestamp + uint32((later+since)*90/1_000_000)
		if !ok || int32(r.RTPTime-want) > 1 || int32(r.RTPTime-want) < -1 {
			t.Errorf("%s: timestamp %d, want %d (%v)", what, r.RTPTime, want, ok)
		}
	}
	send(0, 0, 10*ticks)
	check("no report of the publisher", 0)
	track.variants[0].SetClock(Clock{Timestamp: 10 * ticks, At: now - captured})
	check("its report is known", captured)
	send(1, 0, 900*ticks)
	check("another variant without one", 0)
	track.variants[1].SetClock(Clock{Timestamp: 890 * ticks, At: now - captured - 10*frame})
	check("the other variant's", captured)
	send(1, 1, 5*ticks)
	check("another stream: the old report means nothing", 0)
	track.variants[1].SetClock(Clock{Timestamp: 5 * ticks, At: now - captured, Epoch: 1})
	check("its own report", captured)
	if _, ok := d.report(now + 3*reportPeriod); ok {
		t.Error("a report of a track that does not flow")
	}
}
