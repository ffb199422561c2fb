package sfu_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// eventLog collects a room's events.
type eventLog struct {
	mu   sync.Mutex
	list []sfu.Event
}

func (l *eventLog) add(e sfu.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

func (l *eventLog) text() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, e := range l.list {
		switch e := e.(type) {
		case sfu.TrackAdded:
			out = append(out, fmt.Sprintf("added %s %s %s %s", e.Endpoint, e.Track.ID, e.Track.Kind, e.Track.Codec))
		case sfu.TrackRemoved:
			out = append(out, fmt.Sprintf("removed %s %s", e.Endpoint, e.Track.ID))
		case sfu.TrackMetadataUpdated:
			out = append(out, fmt.Sprintf("track %s %s %v", e.Endpoint, e.Track.ID, e.Track.Metadata))
		case sfu.EndpointMetadataUpdated:
			out = append(out, fmt.Sprintf("endpoint %s %v", e.Endpoint, e.Metadata))
		case sfu.EndpointCrashed:
			out = append(out, fmt.Sprintf("crashed %s %v", e.Endpoint, e.Err))
		}
	}
	return out
}

// until polls for what no client sees.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for start := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > sfupeer.Limit {
			t.Fatalf("%s: not within %v", what, sfupeer.Limit)
		}
	}
}

// TestLife: publish, metadata, unpublish, republish (in the same m-line),
// leave; with the events in order.
func TestLife(t *testing.T) {
	lab := sfupeer.NewLab(t)
	var log eventLog
	room := lab.Room(sfu.RoomOptions{Events: log.add})
	a, pa := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	lab.Until("a sees b", a, func() bool { return a.Count("endpointAdded") == 1 })
	first := video("a:1")
	publish(t, a, first)
	lab.Flows(b, "a:1", 10)
	say(t, a, "updateTrackMetadata", map[string]any{"trackId": "a:1", "trackMetadata": "new"})
	say(t, a, "updateTrackMetadata", map[string]any{"trackId": "a:1", "trackMetadata": "new"})
	say(t, a, "updateEndpointMetadata", map[string]any{"metadata": "me"})
	lab.Until("metadata", b, func() bool { return b.Count("trackUpdated") == 1 && b.Count("endpointUpdated") == 1 })
	say(t, a, "disableTrackEncoding", map[string]any{"trackId": "a:1", "encoding": "h"}) // not simulcast: ignored
	if err := a.Unpublish(first); err != nil {
		t.Fatal(err)
	}
	lab.Until("removed", b, func() bool { return b.Count("tracksRemoved") == 1 && len(b.Tracks()) == 0 })
	until(t, "no forwarding", func() bool { return room.Forwarded() == 0 })
	lab.Until("round after tracksRemoved", b, func() bool { return finished(b) })
	publish(t, a, video("a:2"))
	lab.Flows(b, "a:2", 10)
	if counts := lastCounts(t, b); counts != (trackTypes{Video: 1}) {
		t.Errorf("the m-line was not used again: %+v", counts)
	}
	pa.Close()
	lab.Until("a gone", b, func() bool { return b.Count("endpointRemoved") == 1 })
	lab.Until("a:2 gone", b, func() bool { return b.Count("tracksRemoved") == 2 })
	want := []string{
		"endpoint a map[name:a]", "endpoint b map[name:b]", "added a a:1 video VP8", "track a a:1 new", "endpoint a me", "removed a a:1",
		"added a a:2 video VP8", "removed a a:2",
	}
	if d := cmp.Diff(want, log.text()); d != "" {
		t.Error(d)
	}
	lab.Sound(b, "a:1")
	lab.Sound(b, "a:2")
}

// finished reports whether a full round has followed the newest change of the
// tracks: without one SDKs would wait for ever.
func finished(c *sfupeer.Client) bool {
	last := ""
	for _, e := range c.Events() {
		switch {
		case e.Type == "tracksAdded" || e.Type == "tracksRemoved", e.Type == "offerData" && last != "", e.Type == "sdpAnswer" && last == "offerData":
			last = e.Type
		}
	}
	return last == "sdpAnswer"
}

func say(t *testing.T, c *sfupeer.Client, kind string, data any) {
	t.Helper()
	if err := c.Say(kind, false, data); err != nil {
		t.Fatal(err)
	}
}

type trackTypes struct{ Audio, Video int }

func lastCounts(t *testing.T, c *sfupeer.Client) trackTypes {
	t.Helper()
	var d struct{ TracksTypes trackTypes }
	for _, e := range c.Events() {
		if e.Type == "offerData" {
			if err := json.Unmarshal(e.Data, &d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d.TracksTypes
}

// TestOrder: what a client is told comes in the order that SDKs rely on.
func TestOrder(t *testing.T) {
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	publish(t, a, video("a:v"))
	until(t, "published", func() bool { return a.Count("sdpAnswer") == 1 })
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	lab.Flows(b, "a:v", 10)
	lab.Until("encodingSwitched", b, func() bool { return b.Count("encodingSwitched") == 1 })
	var kinds []string
	for _, e := range b.Events() {
		kinds = append(kinds, e.Type)
	}
	want := []string{"connected", "tracksAdded", "offerData", "sdpAnswer", "candidate", "encodingSwitched"}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
}

// TestRejoin: a socket drops and comes back; the others see it leave and come.
func TestRejoin(t *testing.T) {
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, pa := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	publish(t, a, video("a:v"))
	lab.Flows(b, "a:v", 10)
	pa.Detach()
	lab.Until("a gone", b, func() bool { return b.Count("endpointRemoved") == 1 })
	a.Close()
	again := lab.Attach(pa, sfupeer.Options{})
	publish(t, again, video("a:w"))
	lab.Flows(b, "a:w", 10)
	lab.Sound(b, "a:w")
}

// TestSimulcast: the middle first, others when wished for, and a fallback when
// the publisher stops one.
func TestSimulcast(t *testing.T) {
	for _, codec := range []string{"VP8", "H264"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			lab := sfupeer.NewLab(t)
			room := lab.Room(sfu.RoomOptions{VideoCodec: map[string]string{"VP8": "vp8", "H264": "h264"}[codec]})
			a, _ := lab.Join(room, "a", sfupeer.Options{})
			plain, err := room.AddPeer(sfu.PeerOptions{ID: "b"}) // without simulcast nothing is estimated, which a busy machine would upset
			if err != nil {
				t.Fatal(err)
			}
			b := lab.Attach(plain, sfupeer.Options{})
			s := &sfupeer.Source{ID: "a:s", Kind: "video", Codec: codec, RIDs: []string{"l", "m", "h"}}
			publish(t, a, s)
			wish := func(variant string, index int) {
				t.Helper()
				if variant != "" {
					if err := b.Say("setTargetTrackVariant", true, map[string]any{"trackId": "a:s", "variant": variant}); err != nil {
						t.Fatal(err)
					}
				}
				lab.Until("layer "+variant, b, func() bool { r := b.Received("a:s"); return r.Packets > 0 && r.Layer == index })
				lab.Flows(b, "a:s", 20)
			}
			wish("", 1)
			wish("h", 2)
			wish("l", 0)
			wish("h", 2)
			s.Disable(2, true)
			wish("", 1)
			s.Disable(2, false)
			wish("", 2)
			say(t, a, "disableTrackEncoding", map[string]any{"trackId": "a:s", "encoding": "h"})
			say(t, a, "disableTrackEncoding", map[string]any{"trackId": "a:s", "encoding": "h"})
			say(t, a, "enableTrackEncoding", map[string]any{"trackId": "a:s", "encoding": "h"})
			lab.Until("toggled", b, func() bool { return b.Count("trackEncodingDisabled") == 1 && b.Count("trackEncodingEnabled") == 1 })
			lab.Sound(b, "a:s")
			if r := b.Received("a:s"); r.Gaps != 0 {
				t.Errorf("%d gaps", r.Gaps)
			}
			reasons(t, b)
		})
	}
}

func reasons(t *testing.T, c *sfupeer.Client) {
	t.Helper()
	var seen []string
	for _, e := range c.Events() {
		var f struct{ Encoding, Reason string }
		if e.Type == "encodingSwitched" {
			if err := json.Unmarshal(e.Data, &f); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, f.Encoding+" "+f.Reason)
		}
	}
	if !slices.Contains(seen, "m encoding_inactive") || !slices.Contains(seen, "h other") {
		t.Errorf("%v", seen)
	}
}

// TestVoice: a loud track is speech, a quiet one silence.
func TestVoice(t *testing.T) {
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	publish(t, a, audio("a:a"))
	lab.Until("speech", b, func() bool { return b.Count("vadNotification") > 0 })
	c, _ := lab.Join(room, "c", sfupeer.Options{})
	lab.Until("speech to a late one", c, func() bool { return c.Count("vadNotification") > 0 })
}
