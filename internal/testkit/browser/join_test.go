//go:build e2e

package browser

import "testing"

// Two peers see and hear each other.
func TestTwoPeers(t *testing.T) {
	m := meet(t, "ts-client-0.5.0", "")
	a := m.join("a")
	tracks := []string{a.camera(nil), a.microphone()}
	b := m.join("b")
	v := b.progress(tracks...)
	for id, track := range v.Tracks {
		t.Log(id, track)
	}
}
