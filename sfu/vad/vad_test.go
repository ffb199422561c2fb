package vad

import "testing"

func TestDetector(t *testing.T) {
	var d Detector
	now := uint32(0)
	feed := func(n int, level uint8) (changes int) {
		for range n {
			now += 960
			if d.Level(level, now) {
				changes++
			}
		}
		return changes
	}
	if feed(69, 10) != 0 || d.Speech() {
		t.Error("speech with 69 packets")
	}
	if feed(1, 10) != 1 || !d.Speech() {
		t.Error("no speech with 70 loud packets")
	}
	if feed(8, 33) != 0 || feed(1, 33) != 1 || d.Speech() {
		t.Error("silence must begin when the newest ten hold one loud packet")
	}
	feed(70, 127)
	if feed(2, 32) != 0 || feed(1, 32) != 1 || !d.Speech() {
		t.Error("three loud packets of ten are speech")
	}
	if d.Level(0, now-960) || d.Level(0, now) {
		t.Error("a late packet counted")
	}
	d, now = Detector{}, 1<<32-75*960
	if feed(74, 10); !d.Speech() {
		t.Error("no speech")
	}
	if feed(2, 10); d.Speech() {
		t.Error("the wrap must reset")
	}
}

// TestReset: another stream's timestamps may be lower; it is listened to all
// the same.
func TestReset(t *testing.T) {
	var d Detector
	at := uint32(1_000_000)
	loud := func() (changed bool) {
		for range window {
			at += 960
			changed = d.Level(10, at) || changed
		}
		return changed
	}
	if !loud() || !d.Speech() {
		t.Fatal("no speech")
	}
	at = 5
	if loud() {
		t.Error("old timestamps count")
	}
	d.Reset()
	if at = 5; !d.Speech() || !loud() || !d.Speech() {
		t.Error("no speech of the other stream")
	}
}

// TestSilenceOfHours: after more than half a cycle of the timestamps, what comes
// next seems to be from before; it is listened to.
func TestSilenceOfHours(t *testing.T) {
	var d Detector
	at := uint32(1_000_000)
	for _, pause := range []uint32{0, 13 * 3600 * 48_000, 20 * 3600 * 48_000 & (1<<32 - 1)} {
		at += pause
		for range 2 * window {
			at += 960
			d.Level(127, at)
		}
		if d.Speech() {
			t.Fatalf("silence after %d ticks is speech", pause)
		}
		for range window {
			at += 960
			d.Level(10, at)
		}
		if !d.Speech() {
			t.Fatalf("speech after %d ticks is silence", pause)
		}
	}
}
