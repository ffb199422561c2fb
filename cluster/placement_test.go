package cluster

import (
	"testing"

	"github.com/fjord-media/fjord/room"
	"pgregory.net/rapid"
)

func load(node string, tracks, rooms, inFlight int) Load {
	return Load{Node: node, Usage: room.Usage{ForwardedTracks: tracks, Rooms: rooms}, InFlight: inFlight}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name  string
		self  string
		plain bool
		loads []Load
		want  string
	}{
		{"alone", "b", false, []Load{load("b", 9, 9, 9)}, "b"},
		{"tie goes to the last of the others", "b", false, []Load{load("a", 0, 0, 0), load("b", 0, 0, 0), load("c", 0, 0, 0)}, "c"},
		{"tie never goes to self when it is last by name", "c", false, []Load{load("a", 0, 0, 0), load("b", 0, 0, 0), load("c", 0, 0, 0)}, "b"},
		{"tracks count before rooms", "a", false, []Load{load("a", 1, 0, 0), load("b", 0, 50, 0)}, "b"},
		{"then rooms", "a", false, []Load{load("a", 3, 1, 0), load("b", 3, 2, 0)}, "a"},
		{"creations in flight are rooms", "a", false, []Load{load("a", 0, 2, 0), load("b", 0, 0, 3)}, "a"},
		{"unless the plain rule is asked for", "a", true, []Load{load("a", 0, 2, 0), load("b", 0, 0, 3)}, "b"},
		{"in flight never outweighs tracks", "a", false, []Load{load("a", 1, 0, 0), load("b", 0, 0, 100)}, "b"},
		{"self not among the loads", "x", false, []Load{load("a", 0, 0, 0), load("b", 0, 0, 0)}, "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Choose(tt.loads, tt.self, tt.plain); !ok || got != tt.want {
				t.Errorf("Choose = %q, %t, want %q", got, ok, tt.want)
			}
		})
	}
	if _, ok := Choose(nil, "a", false); ok {
		t.Error("Choose of nobody reports true")
	}
}

// Creating six rooms on three idle nodes gives last, previous, …, self, last, …
// as the original does.
func TestChooseRoundOfThree(t *testing.T) {
	rooms := map[string]int{}
	var got string
	for range 6 {
		name, _ := Choose([]Load{load("d1", 0, rooms["d1"], 0), load("d2", 0, rooms["d2"], 0), load("d3", 0, rooms["d3"], 0)}, "d1", true)
		rooms[name]++
		got += name + " "
	}
	if want := "d3 d2 d1 d3 d2 d1 "; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestChooseIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-e][1-3]`), 1, 8, rapid.ID).Draw(t, "names")
		var loads []Load
		for _, name := range names {
			small := rapid.IntRange(0, 2)
			loads = append(loads, load(name, small.Draw(t, "tracks"), small.Draw(t, "rooms"), small.Draw(t, "inFlight")))
		}
		self := rapid.SampledFrom(names).Draw(t, "self")
		plain := rapid.Bool().Draw(t, "plain")
		want, _ := Choose(loads, self, plain)
		if got, _ := Choose(rapid.Permutation(loads).Draw(t, "shuffled"), self, plain); got != want {
			t.Fatalf("Choose depends on the order: %q and %q", got, want)
		}
	})
}
