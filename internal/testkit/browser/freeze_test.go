//go:build e2e

package browser

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// quiet is how much freeze counts as none, in seconds.
const quiet = 0.2

// minIdle is the share of the cores' time that must have been left over for
// freezes to say anything of the server: decoders that wait for a core freeze.
const minIdle = 0.1

// interval is a part of a meeting.
type interval struct {
	frozen float64 // seconds, of all pictures
	idle   float64 // share of the cores' time
}

// judgeFreezes fails the test when pictures stood still in half of the
// intervals. Those in which they did while the machine was busy do not count.
func judgeFreezes(t *testing.T, intervals []interval) {
	t.Helper()
	t.Logf("freezes and idle cores: %.2f", intervals)
	counted := slices.DeleteFunc(intervals, func(i interval) bool { return i.frozen > quiet && i.idle < minIdle })
	if len(counted) == 0 {
		t.Log("the machine was too busy to judge freezes")
		return
	}
	slices.SortFunc(counted, func(a, b interval) int { return cmp.Compare(a.frozen, b.frozen) })
	if middle := counted[(len(counted)-1)/2]; middle.frozen > quiet {
		t.Errorf("pictures stand still again and again: %.2f", counted)
	}
}

// cpuTime is what the cores have done since the machine started, in ticks.
type cpuTime struct{ idle, all float64 }

// cores reads /proc/stat (see proc_stat(5)).
func cores(t *testing.T) cpuTime {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var c cpuTime
	for i, field := range strings.Fields(line)[1:] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatalf("/proc/stat: %v", err)
		}
		if i < 8 { // what follows are guests, which user time includes
			c.all += ticks
		}
		if i == 3 {
			c.idle = ticks
		}
	}
	return c
}

// idleSince is the share of the time since before in which cores were idle.
func (c cpuTime) idleSince(before cpuTime) float64 {
	if c.all == before.all {
		return 0
	}
	return (c.idle - before.idle) / (c.all - before.all)
}
