package sfu

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// TestActivity: a variant counts from its first packet, falls out after a
// second with fewer than five, and is back after two good seconds in a row;
// without simulcast a track that is silent is active all the same.
func TestActivity(t *testing.T) {
	var pool rtp.Pool
	number := uint64(0)
	second := func(v *Variant, packets int, now *int64) {
		for range packets {
			number++
			p := pool.Get()
			p.Extended = number
			v.take([]*rtp.Packet{p})
			p.Release()
		}
		*now += int64(activityPeriod)
		v.tick(*now)
	}
	layered := newTrack("a", TrackConfig{TrackInfo: TrackInfo{Kind: Video}, RIDs: []string{"l", "m"}}, func(int) {}).variants[0]
	if layered.Active() {
		t.Error("active before a packet came")
	}
	now := int64(time.Hour)
	for i, step := range []struct {
		packets int
		active  bool
	}{
		{1, true}, {5, true}, {4, false}, {5, false}, {4, false}, {5, false}, {5, true}, {0, false}, {100, false}, {100, true},
	} {
		if second(layered, step.packets, &now); layered.Active() != step.active {
			t.Errorf("second %d, %d packets: active %v", i, step.packets, layered.Active())
		}
	}
	single := newTrack("a", TrackConfig{TrackInfo: TrackInfo{Kind: Video}}, func(int) {}).variants[0]
	for range 3 {
		if second(single, 0, &now); !single.Active() {
			t.Error("a silent track without simulcast is inactive")
		}
	}
}
