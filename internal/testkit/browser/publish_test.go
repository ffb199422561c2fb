//go:build e2e

package browser

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// A track is published, taken back and published again, several times: others
// get and lose it each time, and what else plays goes on.
func TestUnpublishAndRepublish(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		microphone, other := a.microphone(), b.camera(nil)
		for range 3 {
			camera := a.camera(nil)
			b.progress(camera, microphone)
			a.call("unpublish", map[string]any{"track": camera}, nil)
			b.until(joinLimit, "loses the camera", func(v view) bool {
				_, still := v.Tracks[camera]
				return !still && v.emitted("trackRemoved", camera) == 1
			})
			b.progress(microphone)
		}
		a.progress(other)
	})
}

// Metadata of peers and tracks reach others, at once and when they join later.
func TestMetadata(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		camera := a.camera(nil)
		b.until(mediaLimit, "has the camera", func(v view) bool {
			return v.Tracks[camera].Ready && fmt.Sprint(v.Tracks[camera].Metadata) == "map[type:camera]"
		})
		a.call("rename", map[string]any{"metadata": map[string]any{"name": "Ада"}}, nil)
		a.call("retitle", map[string]any{"track": camera, "metadata": map[string]any{"type": "screen"}}, nil)
		id := a.id()
		changed := func(v view) bool {
			return fmt.Sprint(v.Peers[id]) == "map[name:Ада]" && fmt.Sprint(v.Tracks[camera].Metadata) == "map[type:screen]"
		}
		b.until(joinLimit, "has new metadata", changed)
		m.join("c").until(joinLimit, "has new metadata", changed)
	})
}

// All publish everything at the same time: negotiations that cross each other
// lose nothing.
func TestPublishAtOnce(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		var pages []*page
		for _, name := range []string{"a", "b", "c"} {
			pages = append(pages, m.join(name))
		}
		for _, p := range pages {
			p.call("publishSoon", map[string]any{"wishes": []any{video(nil), audio()}}, nil)
		}
		for _, p := range pages {
			v := p.until(mediaLimit, "has four tracks", func(v view) bool {
				ready := 0
				for _, track := range v.Tracks {
					if track.Ready {
						ready++
					}
				}
				return ready == 4
			})
			p.progress(slices.Collect(maps.Keys(v.Tracks))...)
			if v.emitted("publishFailed", "") > 0 {
				t.Errorf("%s: %v", p.name, v.Events)
			}
		}
	})
}

// Another picture on the same track reaches others without a new track.
func TestReplaceTrack(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a := m.join("a")
		camera := a.camera(nil)
		b := m.join("b")
		b.progress(camera)
		wish := video(map[string]any{"track": camera, "width": 160, "height": 90, "metadata": map[string]any{"type": "screen"}})
		a.call("replace", wish, nil)
		b.until(mediaLimit, "has the other picture", func(v view) bool {
			track := v.Tracks[camera]
			return track.Width == 160 && fmt.Sprint(track.Metadata) == "map[type:screen]"
		})
		b.progress(camera)
	})
}
