package sfu_test

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestMonitor: what flows between two clients is counted on both sides, and
// totals outlive the room.
func TestMonitor(t *testing.T) {
	lab := sfupeer.NewLab(t)
	monitor := sfu.NewMonitor(lab.Engine)
	room := lab.Room(sfu.RoomOptions{ID: "r"})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	publish(t, a, video("a:1"))
	lab.Flows(b, "a:1", 10)
	var stats sfu.Stats
	until(t, "counters grow", func() bool {
		time.Sleep(200 * time.Millisecond)
		stats = monitor.Read()
		total := stats.Total
		return total.Received.Packets > 50 && total.Received.Bytes > 10_000 && total.Sent.Packets > 50 && total.Sent.Bytes > 10_000
	})
	if len(stats.Rooms) != 1 || len(stats.Rooms[0].Endpoints) != 2 || stats.Total.Tracks != 1 || stats.Total.Endpoints != 2 {
		t.Fatalf("%+v", stats)
	}
	from, to := stats.Rooms[0].Endpoints[0], stats.Rooms[0].Endpoints[1]
	if len(from.Published) != 1 || len(from.Receives) != 0 || len(to.Published) != 0 || len(to.Receives) != 1 {
		t.Fatalf("%+v %+v", from, to)
	}
	p, r := from.Published[0], to.Receives[0]
	if p.Track != "a:1" || p.RID != "" || p.Codec != "VP8" || p.KeyFrames == 0 || p.Bitrate == 0 || p.Flow.Packets == 0 {
		t.Errorf("%+v", p)
	}
	if r.Track != "a:1" || r.Owner != "a" || r.Variant != "h" || r.Flow.Packets == 0 || to.Bandwidth == 0 {
		t.Errorf("%+v", r)
	}
	room.Close()
	until(t, "the room is gone", func() bool { return len(monitor.Read().Rooms) == 0 })
	if after := monitor.Read().Total; after.Sent.Packets < stats.Total.Sent.Packets || after.Tracks != 0 || after.Endpoints != 0 {
		t.Errorf("%+v after %+v", after, stats.Total)
	}
}
