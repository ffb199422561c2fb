package bwe

import "time"

// signal is what the delay says about the path.
type signal int8

const (
	normal signal = iota
	overuse
	underuse
)

// The parameters of the trendline filter and of the adaptive threshold
// (draft-ietf-rmcat-gcc-02 §5.3, §5.4 and what browsers use).
const (
	burst         = int64(5 * time.Millisecond) // sent within it: one group
	trendWindow   = 20
	trendSmooth   = 0.9
	trendGain     = 4
	trendDeltas   = 60
	thresholdUp   = 0.0087
	thresholdDown = 0.039
	thresholdLow  = 6
	thresholdHigh = 600
	thresholdJump = 15 // ms; a trend so far beyond does not move the threshold
	overuseTime   = 10 // ms
)

// group is packets that were sent in one go.
type group struct {
	first, sent, arrived int64
	full                 bool
}

// trend watches how the delay of groups changes.
type trend struct {
	current, previous group

	groups    int
	sum       float64 // ms
	smoothed  float64
	window    [trendWindow][2]float64 // time of arrival, delay: ms
	start     int64
	last      float64
	threshold float64
	updated   int64
	over      float64 // ms
	overCount int
	state     signal
}

func newTrend() trend { return trend{threshold: 12.5} }

// add takes a packet and says what is known now.
func (t *trend) add(sent, arrived int64) signal {
	c := &t.current
	switch {
	case !c.full:
		*c = group{first: sent, sent: sent, arrived: arrived, full: true}
		return t.state
	case sent < c.first:
		return t.state // out of order
	case sent-c.first <= burst:
		c.sent, c.arrived = max(c.sent, sent), max(c.arrived, arrived)
		return t.state
	}
	if t.previous.full {
		t.judge(c.sent-t.previous.sent, c.arrived-t.previous.arrived, c.arrived)
	}
	t.previous = *c
	*c = group{first: sent, sent: sent, arrived: arrived, full: true}
	return t.state
}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }

// judge takes one more difference between two groups.
func (t *trend) judge(sent, arrived, at int64) {
	if t.groups == 0 {
		t.start = at
	}
	t.sum += milliseconds(arrived - sent)
	t.smoothed = trendSmooth*t.smoothed + (1-trendSmooth)*t.sum
	t.window[t.groups%trendWindow] = [2]float64{milliseconds(at - t.start), t.smoothed}
	t.groups++
	if t.groups < trendWindow {
		return
	}
	value := t.slope() * float64(min(t.groups, trendDeltas)) * trendGain
	t.detect(value, milliseconds(sent))
	t.adapt(value, at)
	t.last = value
}

// slope is that of the line through the window (least squares).
func (t *trend) slope() float64 {
	var x, y float64
	for _, p := range t.window {
		x, y = x+p[0]/trendWindow, y+p[1]/trendWindow
	}
	var above, below float64
	for _, p := range t.window {
		above += (p[0] - x) * (p[1] - y)
		below += (p[0] - x) * (p[0] - x)
	}
	if below == 0 {
		return 0
	}
	return above / below
}

// detect compares with the threshold; an overuse must last and not shrink.
func (t *trend) detect(value, elapsed float64) {
	switch {
	case value > t.threshold:
		t.over += elapsed
		t.overCount++
		if t.over > overuseTime && t.overCount > 1 && value >= t.last {
			t.over, t.overCount, t.state = 0, 0, overuse
		}
	case value < -t.threshold:
		t.over, t.overCount, t.state = 0, 0, underuse
	default:
		t.over, t.overCount, t.state = 0, 0, normal
	}
}

// adapt lets the threshold follow the trend slowly, so that a competing flow
// does not starve ours.
func (t *trend) adapt(value float64, at int64) {
	elapsed := min(milliseconds(at-t.updated), 100)
	t.updated = at
	size := max(value, -value)
	if size > t.threshold+thresholdJump {
		return
	}
	k := thresholdUp
	if size < t.threshold {
		k = thresholdDown
	}
	t.threshold = min(max(t.threshold+k*(size-t.threshold)*elapsed, thresholdLow), thresholdHigh)
}
