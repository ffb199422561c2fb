//go:build e2e

package browser

import (
	"testing"
	"time"
)

// A meeting goes on: every track progresses all the time, what is sent
// arrives, and pictures do not stand still.
func TestMeetingGoesOn(t *testing.T) {
	step, steps := 3*time.Second, 4
	if soak() {
		step, steps = 5*time.Second, 36
	}
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		var pages []*page
		var tracks [][]string
		for _, name := range []string{"a", "b", "c"} {
			p := m.join(name)
			pages = append(pages, p)
			tracks = append(tracks, p.both())
		}
		everyoneSees(pages, tracks)
		start, sent := lookAll(pages), lookAll(pages)
		last := start
		var intervals []interval
		for range steps {
			before := cores(t)
			time.Sleep(step)
			everyoneSees(pages, tracks)
			now := lookAll(pages)
			intervals = append(intervals, interval{
				frozen: sum(now, view.frozen) - sum(last, view.frozen), idle: cores(t).idleSince(before),
			})
			last = now
		}
		// Sent is counted within the time in which received is.
		encoded := sum(last, view.encoded) - sum(sent, view.encoded)
		decoded := sum(lookAll(pages), view.decoded) - sum(start, view.decoded)
		t.Logf("%.0f frames sent to two each, %.0f seen", encoded, decoded)
		if decoded < 0.95*2*encoded {
			t.Errorf("of %.0f frames sent to two each only %.0f were seen", encoded, decoded)
		}
		judgeFreezes(t, intervals)
		for i, v := range last {
			if v.emitted("connectionError", "")+v.emitted("joinError", "")+v.emitted("socketClose", "") > 0 {
				t.Errorf("%s: %v", pages[i].name, v.Events)
			}
		}
	})
}

func lookAll(pages []*page) []view {
	var all []view
	for _, p := range pages {
		all = append(all, p.look())
	}
	return all
}

func sum(views []view, of func(view) float64) float64 {
	total := 0.0
	for _, v := range views {
		total += of(v)
	}
	return total
}
