package cluster

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/room"
)

func idle(names ...string) []Load {
	var loads []Load
	for _, name := range names {
		loads = append(loads, Load{Node: name, served: -1})
	}
	return loads
}

func TestInflightSpreadsABurst(t *testing.T) {
	f := newInflight("a", false, func() room.Usage { return room.Usage{} }, totalLimit)
	got := map[string]int{}
	for range 40 {
		// All asked before anything was created: everybody looks empty.
		name, _, _ := f.choose(f.view(), idle("a", "b", "c", "d"))
		got[name]++
	}
	for name, n := range got {
		if n != 10 {
			t.Errorf("%s got %d of 40", name, n)
		}
	}
}

func TestInflightCountsWhatUsageCannotShow(t *testing.T) {
	f := newInflight("a", false, func() room.Usage { return room.Usage{} }, totalLimit)
	b := Load{Node: "b", served: -1}
	before := f.view()
	_, finish, _ := f.choose(f.view(), idle("b"))
	if n := f.count(b, before); n != 1 {
		t.Errorf("a creation under way counts %d", n)
	}
	finish(made)
	if n := f.count(b, before); n != 1 {
		t.Errorf("a room made after the question counts %d", n)
	}
	if n := f.count(b, f.view()); n != 0 {
		t.Errorf("a room made before the question counts %d", n)
	}
	_, finish, _ = f.choose(f.view(), idle("b"))
	finish(notMade)
	if n := f.count(b, before); n != 1 {
		t.Errorf("with a failed creation %d count", n)
	}
}

func TestInflightForgets(t *testing.T) {
	f := newInflight("a", false, func() room.Usage { return room.Usage{} }, totalLimit)
	for range 1000 {
		v := f.view()
		_, finish, _ := f.choose(v, idle("b"))
		finish(made)
		f.leave(v)
	}
	if len(f.views) != 0 || len(f.nodes["b"].finished) > 1 {
		t.Errorf("%d views and %d finished creations are kept", len(f.views), len(f.nodes["b"].finished))
	}
}

// The second burst after another begins when the rooms of the first are new, and
// goes on when they are not: who has asked must not pass over itself, whose rooms
// it counts at that later time.
func TestInflightWhenRoomsAreNoLongerNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usage := room.Usage{}
		f := newInflight("a", false, func() room.Usage { return usage }, totalLimit)
		others := func() []Load {
			return []Load{{Node: "a", served: -1}, {Node: "b", served: 50, underWay: 10, fresh: 50, Usage: room.Usage{Rooms: 50}, at: time.Now()}}
		}
		for range 10 {
			f.begin()
		}
		for range 50 { // each order of ours stands for two
			name, _, _ := f.choose(f.view(), []Load{{Node: "a", served: -1}, {Node: "b", underWay: 10}})
			if name == "a" {
				f.fresh.add(time.Now())
				f.fresh.add(time.Now())
				usage.Rooms += 2
			}
		}
		time.Sleep(recentFor - time.Millisecond)
		loads := others()
		time.Sleep(2 * time.Millisecond) // the first burst is no longer new
		got := map[string]int{}
		for range 20 {
			name, _, _ := f.choose(f.view(), loads)
			got[name]++
			if name == "a" {
				f.fresh.add(time.Now())
				usage.Rooms++
			}
		}
		if got["a"] < 8 || got["a"] > 12 {
			t.Errorf("the second burst went to %v", got)
		}
	})
}
