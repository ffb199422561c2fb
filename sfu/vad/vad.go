// Package vad decides from the audio levels that clients measure (RFC 6464)
// whether somebody speaks, by the rule of the original, whose three tiers
// reduce to this: of the newest 10 packets at least 2 are loud, and of the 7
// groups of 10 packets before now at least one has 3 loud ones.
package vad

// The rule's numbers.
const (
	threshold = 32 // -dBov; lower levels are louder
	window    = 70 // packets
	group     = 10 // packets
	recent    = 2  // loud ones of the newest group
	grouped   = 3  // loud ones of any group

	lateness = 60 * 48_000 // ticks; what is further back is no late packet: the track was silent for half a cycle
)

// Detector listens to one track. The zero value is ready.
type Detector struct {
	loud      [window]bool // ring
	at        int
	filled    int
	timestamp uint32
	speech    bool
}

// Level takes a packet's level in -dBov (0 is the loudest, 127 silence). It
// reports whether the state changed.
func (d *Detector) Level(level uint8, timestamp uint32) (changed bool) {
	if d.filled > 0 {
		if diff := int32(timestamp - d.timestamp); diff <= 0 && diff > -lateness {
			return false // late
		}
		if timestamp < d.timestamp { // wrapped
			d.filled, d.at = 0, 0
		}
	}
	d.timestamp = timestamp
	d.loud[d.at] = level <= threshold
	d.at = (d.at + 1) % window
	d.filled = min(d.filled+1, window)
	was := d.speech
	d.speech = d.decide()
	return d.speech != was
}

// Reset begins to listen to another stream of the same track: its timestamps
// have nothing to do with those before.
func (d *Detector) Reset() { *d = Detector{speech: d.speech} }

// Speech is the state.
func (d *Detector) Speech() bool { return d.speech }

func (d *Detector) decide() bool {
	if d.filled < window {
		return false
	}
	most := 0
	for g := range window / group {
		n := 0
		for i := range group {
			if d.loud[(d.at-1-g*group-i+2*window)%window] {
				n++
			}
		}
		if g == 0 && n < recent {
			return false
		}
		most = max(most, n)
	}
	return most >= grouped
}
