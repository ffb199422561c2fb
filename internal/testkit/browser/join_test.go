//go:build e2e

package browser

import (
	"net/http"
	"slices"
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
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		ofA, ofB := a.both(), b.both()
		var attempts []interval
		for range 3 {
			start, before := cores(t), b.progress(ofA...).frozen()+a.progress(ofB...).frozen()
			c := m.join("c")
			ofC := c.both()
			c.progress(slices.Concat(ofA, ofB)...)
			a.progress(slices.Concat(ofB, ofC)...)
			after := b.progress(slices.Concat(ofA, ofC)...).frozenOf(a) + a.progress(ofB...).frozenOf(b)
			attempts = append(attempts, interval{frozen: after - before, idle: cores(t).idleSince(start)})
			if after-before <= quiet {
				break
			}
			left := c.id()
			c.call("disconnect", nil, nil)
			for _, p := range []*page{a, b} {
				p.until(joinLimit, "sees c leave", func(v view) bool { return v.emitted("peerLeft", left) == 1 })
			}
		}
		if attempts[len(attempts)-1].frozen > quiet {
			judgeFreezes(t, attempts)
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
