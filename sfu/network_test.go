package sfu_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

func behindPath(e *sfu.EngineOptions) { e.AdvertiseIP = netip.MustParseAddr(sfupeer.Advertised) }

// TestLoss: with loss, reordering and jitter in both directions the video
// recovers by retransmissions, without a second's freeze.
func TestLoss(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t, behindPath)
	path := sfupeer.NewPath(t, lab)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	s := video("a:v")
	publish(t, a, s)
	lab.Flows(b, "a:v", 10)
	monitor := sfu.NewMonitor(lab.Engine)
	bad := sfupeer.Impairment{Loss: 0.05, Jitter: 200 * time.Millisecond}
	path.Impair(bad, bad)
	before := b.Received("a:v")
	lab.Flows(b, "a:v", 400)
	path.Impair(sfupeer.Impairment{}, sfupeer.Impairment{})
	lab.Flows(b, "a:v", 60)
	after := b.Received("a:v")
	if after.Longest > time.Second {
		t.Errorf("a freeze of %v", after.Longest)
	}
	missing, span := b.Missing("a:v")
	t.Logf("%d packets, %d jumps, %d late; %d of %d never came", after.Packets-before.Packets, after.Gaps, after.Back, missing, span)
	counts := monitor.Read().Path
	t.Logf("%+v", counts)
	if counts.Missing == 0 || counts.Asked == 0 || counts.Restored == 0 || counts.Wanted == 0 || counts.Repeated == 0 || counts.Unreceived == 0 ||
		counts.Jitter.Count() == 0 || counts.Queue.Count() == 0 || counts.Latency.Count() == 0 {
		t.Errorf("not all is counted: %+v", counts)
	}
	if missing*50 > span { // 2 %: twice 5 % were lost
		t.Errorf("%d of %d packets never came", missing, span)
	}
}

// TestBandwidth: a subscriber whose path narrows to half of the best layer is
// moved down within 3 s, and up again within 10 s after it is wide.
func TestBandwidth(t *testing.T) {
	t.Parallel()
	const down, up = 3 * time.Second, 10 * time.Second
	lab := sfupeer.NewLab(t, behindPath)
	path := sfupeer.NewPath(t, lab)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	s := &sfupeer.Source{ID: "a:s", Kind: "video", Codec: "VP8", RIDs: []string{"l", "m", "h"}, Sizes: []int{300, 600, 1100}, PacketCounts: []int{1, 2, 4}}
	publish(t, a, s)
	lab.Flows(b, "a:s", 10)
	if err := b.Say("setTargetTrackVariant", true, map[string]any{"trackId": "a:s", "variant": "h"}); err != nil {
		t.Fatal(err)
	}
	best := func() bool { return b.Received("a:s").Layer == 2 }
	lab.Within(up, "all there is", b, best)
	lab.Flows(b, "a:s", 240)
	path.Impair(sfupeer.Impairment{}, sfupeer.Impairment{Bitrate: 550_000})
	lab.Within(down, "moved down", b, func() bool { return !best() })
	path.Impair(sfupeer.Impairment{}, sfupeer.Impairment{})
	lab.Within(up, "moved up", b, best)
	lab.Until("estimation", b, func() bool { return b.Count("bandwidthEstimation") > 0 })
	lab.Sound(b, "a:s")
}
