//go:build e2e

package browser

import (
	"net/http"
	"strings"
	"testing"
)

// Two peers see and hear each other, with one SDK and across SDKs.
func TestTwoPeers(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a := m.join("a")
		ofA := a.both()
		b := m.join("b")
		ofB := b.both()
		seen := b.progress(ofA...)
		for _, track := range seen.Tracks {
			t.Log(track)
			if track.Kind == "video" && (track.Width != 320 || track.Height != 180) {
				t.Errorf("the video is %d×%d, want 320×180", track.Width, track.Height)
			}
		}
		a.progress(ofB...)
		room := m.rest(http.MethodGet, "/room/"+m.room, http.StatusOK)
		if n := strings.Count(room, `"status":"connected"`); n != 2 {
			t.Errorf("%d peers are connected, want 2: %s", n, room)
		}
		if n := strings.Count(room, `"microphone"`); n != 2 {
			t.Errorf("%d microphones among the tracks, want 2: %s", n, room)
		}
	})
}

// The three SDKs meet in one room.
func TestAllSDKsInOneRoom(t *testing.T) {
	m := meet(t, allSDKs()[0], "")
	var pages []*page
	var tracks [][]string
	for _, sdk := range allSDKs() {
		p := open(t, sdk, sdk)
		m.invite().enter(p, nil)
		pages = append(pages, p)
		tracks = append(tracks, p.both())
	}
	everyoneSees(pages, tracks)
}

// A third peer joins, publishes and leaves; the other two do not notice in
// their pictures. What the machine itself holds up now and then is told from
// an interruption by the server by trying again.
func TestLateJoinFreezesNobody(t *testing.T) {
	const (
		attempts = 3
		noise    = 0.2 // seconds
	)
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		ofA, ofB := a.both(), b.both()
		for attempt := 1; ; attempt++ {
			before := b.progress(ofA...).frozen() + a.progress(ofB...).frozen()
			c := m.join("c")
			ofC := c.both()
			c.progress(append(ofA, ofB...)...)
			a.progress(append(ofB, ofC...)...)
			after := b.progress(append(ofA, ofC...)...).frozenOf(a) + a.progress(ofB...).frozenOf(b)
			t.Logf("a late joiner added %.2f s of freeze", after-before)
			if after-before <= noise {
				return
			}
			if attempt == attempts {
				t.Fatalf("each of %d late joiners froze the others' pictures for more than %.1f s", attempts, noise)
			}
			c.call("disconnect", nil, nil)
			left := c.id()
			for _, p := range []*page{a, b} {
				p.until(joinLimit, "sees c leave", func(v view) bool { return v.emitted("peerLeft", left) == 1 })
			}
		}
	})
}

// Six peers, all with a video, three with audio.
func TestSixPeers(t *testing.T) {
	m := meet(t, allSDKs()[0], "")
	var pages []*page
	var tracks [][]string
	for i := range 6 {
		p := m.join(string(rune('a' + i)))
		pages = append(pages, p)
		own := []string{p.camera(nil)}
		if i%2 == 0 {
			own = append(own, p.microphone())
		}
		tracks = append(tracks, own)
	}
	everyoneSees(pages, tracks)
}

// everyoneSees waits until each page plays the tracks of all others; tracks
// are in the order of pages.
func everyoneSees(pages []*page, tracks [][]string) {
	for i, p := range pages {
		var others []string
		for j, own := range tracks {
			if j != i {
				others = append(others, own...)
			}
		}
		p.progress(others...)
	}
}
