package bwe

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestShare(t *testing.T) {
	layers := []int{150_000, 500_000, 1_500_000}
	for _, c := range []struct {
		name     string
		estimate int
		current  []int
		want     []int
	}{
		{"all fit", 10_000_000, []int{1, 1}, []int{2, 2}},
		{"the cheapest goes first", 2_100_000, []int{2, 1}, []int{2, 1}},
		{"less is sent", 1_200_000, []int{2, 1}, []int{1, 0}},
		{"a little too much is tolerated", 1_300_000, []int{2}, []int{2}},
		{"never to nothing", 50_000, []int{2, 2}, []int{0, 0}},
		{"room for one", 2_400_000, []int{1, 1}, []int{2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var demands []Demand
			for _, n := range c.current {
				demands = append(demands, Demand{Bitrates: layers, Current: n})
			}
			Share(c.estimate, demands)
			var got []int
			for _, d := range demands {
				got = append(got, d.Current)
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestShareProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var demands []Demand
		for range rapid.IntRange(0, 8).Draw(t, "tracks") {
			rates := rapid.SliceOfN(rapid.IntRange(10_000, 3_000_000), 1, 3).Draw(t, "rates")
			slices.Sort(rates)
			demands = append(demands, Demand{Bitrates: rates, Current: rapid.IntRange(0, len(rates)-1).Draw(t, "current")})
		}
		estimate := rapid.IntRange(Least, 10_000_000).Draw(t, "estimate")
		before, after, floor := 0, 0, 0
		for i := range demands {
			before += demands[i].rate()
			floor += demands[i].Bitrates[0]
		}
		Share(estimate, demands)
		for i := range demands {
			if demands[i].Current < 0 || demands[i].Current >= len(demands[i].Bitrates) {
				t.Fatalf("track %d has variant %d", i, demands[i].Current)
			}
			after += demands[i].rate()
		}
		if after > max(before, estimate, floor) {
			t.Fatalf("%d of %d (was %d)", after, estimate, before)
		}
		again := slices.Clone(demands)
		Share(estimate, again)
		for i := range again {
			if again[i].Current < demands[i].Current {
				t.Fatal("a second look takes back what the first gave")
			}
		}
	})
}
