package sfu_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestOtherCodecs: what is neither VP8 nor H264 passes through to those who
// know it. For who does not, the m-line is inactive and all else flows.
func TestOtherCodecs(t *testing.T) {
	for _, codec := range []string{"VP9", "AV1", "H265"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			lab := sfupeer.NewLab(t)
			room := lab.Room(sfu.RoomOptions{})
			a, _ := lab.Join(room, "a", sfupeer.Options{Codecs: []string{codec, "VP8"}})
			knows, _ := lab.Join(room, "b", sfupeer.Options{Codecs: []string{"VP8", codec}})
			ignorant, _ := lab.Join(room, "c", sfupeer.Options{Codecs: []string{"VP8"}})
			s := &sfupeer.Source{ID: "a:v", Kind: "video", Codec: codec}
			publish(t, a, s, audio("a:a"))
			lab.Flows(knows, "a:v", 30)
			lab.Flows(knows, "a:a", 10)
			lab.Flows(ignorant, "a:a", 10)
			lab.Sound(knows, "a:v")
			if r := knows.Received("a:v"); !strings.EqualFold(r.Codec, codec) {
				t.Errorf("received as %s", r.Codec)
			}
			if n := ignorant.Received("a:v").Packets; n != 0 {
				t.Errorf("%d packets to a client that does not know them", n)
			}
			if !inactive(t, ignorant, "a:v") {
				t.Error("the m-line is not inactive")
			}
			if err := a.Unpublish(s); err != nil {
				t.Fatal(err)
			}
			lab.Until("removed", ignorant, func() bool { return len(ignorant.Tracks()) == 1 && finished(ignorant) })
			publish(t, ignorant, audio("c:a"))
			lab.Flows(knows, "c:a", 10)
		})
	}
}

// inactive reports whether the newest answer says so of the m-line of a track.
func inactive(t *testing.T, c *sfupeer.Client, track string) (is bool) {
	t.Helper()
	for _, e := range c.Events() {
		var answer struct {
			SDP  string            `json:"sdp"`
			Mids map[string]string `json:"midToTrackId"`
		}
		if e.Type != "sdpAnswer" {
			continue
		}
		if err := json.Unmarshal(e.Data, &answer); err != nil {
			t.Fatal(err)
		}
		for _, section := range strings.Split(answer.SDP, "\r\nm=")[1:] {
			for mid, id := range answer.Mids {
				if id == track && strings.Contains(section, "a=mid:"+mid+"\r\n") {
					is = strings.Contains(section, "a=inactive\r\n")
				}
			}
		}
	}
	return is
}

// TestNoSimulcastOfOtherCodecs: such a track is refused, and nothing else is.
func TestNoSimulcastOfOtherCodecs(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{Codecs: []string{"VP9"}})
	b, _ := lab.Join(room, "b", sfupeer.Options{Codecs: []string{"VP9"}})
	publish(t, a, &sfupeer.Source{ID: "a:s", Kind: "video", Codec: "VP9", RIDs: []string{"l", "m", "h"}}, audio("a:a"))
	lab.Flows(b, "a:a", 10)
	if _, known := b.Tracks()["a:s"]; known {
		t.Error("the track was published")
	}
}
