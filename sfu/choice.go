package sfu

import (
	"math"

	"github.com/fjord-media/fjord/sfu/signal"
)

// none is the index of no variant.
const none = -1

// spare is how much more than its bitrate a variant wants of the bandwidth, in
// percent.
const spare = 10

// choice is which variant a subscriber gets, and why.
type choice struct {
	target  int // wished for
	current int // sent; none: nothing yet
	pending int // waits for its key frame; none: no change
	reason  string
	limit   int // bit/s that the subscriber's bandwidth leaves for the track, by declared bitrates
}

// newChoice wishes for the middle one, as Fishjam does.
func newChoice(t *Track) choice {
	c := choice{current: none, pending: none, limit: math.MaxInt, reason: signal.ReasonOther}
	for i, v := range t.variants {
		if v.rid == "m" || !t.Simulcast() {
			c.target = i
		}
	}
	return c
}

// setTarget changes the wish.
func (d *downTrack) setTarget(rid string) {
	for i, v := range d.track.variants {
		if v.rid == rid {
			d.mu.Lock()
			d.choice.target = i
			d.mu.Unlock()
			if t := d.down.transport.Load(); t != nil {
				d.choose(t.Now())
			}
		}
	}
}

// setLimit changes what the track may take of the bandwidth.
func (d *downTrack) setLimit(bps int) {
	d.mu.Lock()
	d.choice.limit = bps
	d.mu.Unlock()
}

// choose looks for the best variant and asks for its key frame. It may be
// called again and again, from any goroutine.
func (d *downTrack) choose(now int64) {
	d.mu.Lock()
	best, reason := d.best()
	c := &d.choice
	switch {
	case best == none: // nothing is better: what there is may come back
	case best == c.current:
		c.pending = none
	case best != c.pending:
		c.pending, c.reason = best, reason
	}
	pending := c.pending
	if pending == none && d.stalled {
		pending = c.current
	}
	d.mu.Unlock()
	if pending != none {
		d.track.variants[pending].RequestKeyFrame(now)
	}
}

// best is the variant that should be sent: the wish if it is active and fits,
// else the best that is and does; of those that do not fit, the smallest.
func (d *downTrack) best() (variant int, reason string) {
	c, list := &d.choice, d.track.variants
	if !d.track.Simulcast() {
		return 0, signal.ReasonOther
	}
	fits := func(v *Variant) bool { return v.Bitrate()/100*(100+spare) <= c.limit }
	if t := list[c.target]; t.Active() && fits(t) {
		return c.target, d.why(c.target)
	}
	best, least := none, none
	for i, v := range list {
		if !v.Active() {
			continue
		}
		if least == none || v.Bitrate() < list[least].Bitrate() {
			least = i
		}
		if fits(v) && v.Bitrate() <= list[c.target].Bitrate() && (best == none || v.Bitrate() > list[best].Bitrate()) {
			best = i
		}
	}
	if best == none {
		best = least
	}
	return best, d.why(best)
}

// why gives the reason for a change.
func (d *downTrack) why(variant int) string {
	c, list := &d.choice, d.track.variants
	switch {
	case c.current == none || variant == none || variant == c.target:
		return signal.ReasonOther
	case !list[c.current].Active():
		return signal.ReasonInactive
	case list[variant].Bitrate() < list[c.current].Bitrate() && list[c.current].Bitrate()/100*(100+spare) > c.limit:
		return signal.ReasonLowBandwidth
	}
	return signal.ReasonOther
}
