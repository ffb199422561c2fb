package sfu_test

import (
	"testing"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestClientChangesSSRC: a client goes on under other SSRCs, again and again;
// its subscriber sees one stream without a jump, sound and picture, plain and
// simulcast.
func TestClientChangesSSRC(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	simulcast := &sfupeer.Source{ID: "a:s", Kind: "video", Codec: "VP8", RIDs: []string{"l", "m", "h"}}
	sources := []*sfupeer.Source{audio("a:a"), video("a:v"), simulcast}
	publish(t, a, sources...)
	for range 4 {
		for _, s := range sources {
			lab.Flows(b, s.ID, 10)
			if s == simulcast {
				s.Renew(b.Received(s.ID).Layer)
			} else {
				s.Renew(0)
			}
			lab.Flows(b, s.ID, 10)
		}
	}
	for _, s := range sources {
		lab.Flows(b, s.ID, 10)
		lab.Sound(b, s.ID)
		r := b.Received(s.ID)
		t.Logf("%s: %d packets, %d jumps, %d late, longest pause %v", s.ID, r.Packets, r.Gaps, r.Back, r.Longest)
	}
}
