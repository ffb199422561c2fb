//go:build e2e

package browser

import (
	"testing"
	"time"
)

// simulcastLimit is how long a browser may take to send its largest encoding.
const simulcastLimit = 20 * time.Second

// wide is a camera in three sizes: 240, 480 and 960 pixels wide.
func wide(encodings ...string) map[string]any {
	return map[string]any{"width": 960, "height": 540, "encodings": encodings}
}

// gets waits until a track's pictures have a width, and that encoding's name
// was said.
func (p *page) gets(track, encoding string, width int) {
	p.t.Helper()
	v := p.until(simulcastLimit, "gets encoding "+encoding, func(v view) bool {
		return v.Tracks[track].Width == width && v.Tracks[track].Encoding == encoding
	})
	p.t.Log(v.Tracks[track])
	p.progress(track)
}

// A subscriber chooses the encoding and gets that width.
func TestSimulcast(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a := m.join("a")
		camera := a.camera(wide("l", "m", "h"))
		b := m.join("b")
		b.gets(camera, "m", 480)
		for _, step := range []struct {
			encoding string
			width    int
		}{{"l", 240}, {"h", 960}, {"m", 480}} {
			b.call("target", map[string]any{"track": camera, "encoding": step.encoding}, nil)
			b.gets(camera, step.encoding, step.width)
		}
	})
}

// An encoding that the publisher disables is replaced by the best there is,
// and comes back; two subscribers have different ones.
func TestDisabledEncodings(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a := m.join("a")
		camera := a.camera(wide("l", "m", "h"))
		b := m.join("b")
		b.gets(camera, "m", 480)
		a.call("disable", map[string]any{"track": camera, "encoding": "m"}, nil)
		b.until(simulcastLimit, "gets another encoding", func(v view) bool {
			return v.Tracks[camera].Encoding != "m" && v.Tracks[camera].Width != 480
		})
		c := m.join("c")
		c.until(simulcastLimit, "gets another encoding", func(v view) bool {
			return v.Tracks[camera].Frames > 0 && v.Tracks[camera].Encoding != "m"
		})
		b.progress(camera)
		a.call("enable", map[string]any{"track": camera, "encoding": "m"}, nil)
		b.gets(camera, "m", 480)
		c.gets(camera, "m", 480)
	})
}

// A track that is published with only its smallest encoding shows that one;
// a larger one comes once it is enabled.
func TestPublishedWithDisabledEncodings(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a := m.join("a")
		camera := a.camera(wide("l"))
		b := m.join("b")
		b.gets(camera, "l", 240)
		a.call("enable", map[string]any{"track": camera, "encoding": "m"}, nil)
		b.gets(camera, "m", 480)
	})
}
