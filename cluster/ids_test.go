package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/room"
	"pgregory.net/rapid"
)

// storm creates one id n times at once through the nodes in turn.
func storm(ms []*fakeMember, n int, id room.ID, delay func() time.Duration) (made int, errs []error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			time.Sleep(delay())
			_, err := ms[i%len(ms)].router.Create(context.Background(), room.Config{RoomID: id})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return made, errs
}

func copies(ms []*fakeMember, id room.ID) (n int) {
	for _, m := range ms {
		if m.local.Has(id) {
			n++
		}
	}
	return n
}

func TestOneIDStorm(t *testing.T) {
	for _, slow := range []time.Duration{0, 5 * time.Millisecond, 100 * time.Millisecond} {
		t.Run(slow.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h", "f4@h")
				for _, m := range ms {
					m.hook(func(string) { time.Sleep(rand.N(slow + 1)) })
				}
				for i := range 5 {
					id := room.ID(fmt.Sprintf("room%d", i))
					made, errs := storm(ms, 200, id, func() time.Duration { return rand.N(slow + 1) })
					if made != 1 || copies(ms, id) != 1 {
						t.Errorf("%s: %d made, %d copies", id, made, copies(ms, id))
					}
					for _, err := range errs {
						if !errors.Is(err, room.ErrExists) {
							t.Errorf("%s: %v", id, err)
						}
					}
				}
			})
		})
	}
}

// The arbiter dies somewhere in the middle: at most one copy on those who live.
func TestArbiterDiesInAStorm(t *testing.T) {
	t.Parallel()
	for seed := range 40 {
		synctest.Test(t, func(t *testing.T) {
			net := newFakeNet()
			names := []string{"f1@h", "f2@h", "f3@h", "f4@h", "f5@h"}
			ms := net.mesh(t, names...)
			id := room.ID(fmt.Sprintf("room%d", seed))
			arbiter := arbiterOf(id, names[0], names[1:])
			var living []*fakeMember
			for _, m := range ms {
				m.hook(func(string) { time.Sleep(rand.N(5 * time.Millisecond)) })
				if m.name != arbiter {
					living = append(living, m)
				}
			}
			go func() {
				time.Sleep(rand.N(30 * time.Millisecond))
				net.kill(arbiter)
			}()
			made, _ := storm(living, 100, id, func() time.Duration { return rand.N(30 * time.Millisecond) })
			time.Sleep(time.Second)
			if n := copies(living, id); n > 1 || made > 2 {
				t.Errorf("%s: %d copies live, %d made", id, n, made)
			}
		})
	}
}

func TestFrozenArbiterIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := []string{"f1@h", "f2@h", "f3@h"}
		ms := newFakeNet().mesh(t, names...)
		var id room.ID
		for i := 0; ; i++ { // an id whose arbiter is f3
			if id = room.ID(fmt.Sprint("room", i)); arbiterOf(id, names[0], names[1:]) == "f3@h" {
				break
			}
		}
		ms[2].freeze()
		took := elapsed(func() {
			if _, err := ms[0].router.Create(t.Context(), room.Config{RoomID: id}); err != nil {
				t.Error(err)
			}
		})
		if took > totalLimit {
			t.Errorf("took %s", took)
		}
		if _, err := ms[1].router.Create(t.Context(), room.Config{RoomID: id}); !errors.Is(err, room.ErrExists) {
			t.Error("second copy:", err)
		}
		ms[2].unfreeze()
	})
}

func TestIDIsFreeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h")
		for i := range 20 {
			entry := ms[i%3]
			c, err := entry.router.Create(t.Context(), room.Config{RoomID: "mine"})
			if err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			synctest.Wait() // the reservation is on its way back
			for _, m := range ms {
				if _, err := m.router.Create(t.Context(), room.Config{RoomID: "mine"}); !errors.Is(err, room.ErrExists) {
					t.Errorf("round %d: second copy through %s: %v", i, m.name, err)
				}
			}
			for _, m := range ms {
				if m.local.address == c.Address {
					_ = m.router.Delete(t.Context(), "mine")
				}
			}
		}
	})
}

func TestFailedCreationFreesTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := newFakeNet().mesh(t, "f1@h", "f2@h")
		ms[0].local.fail, ms[1].local.fail = room.ErrDraining, room.ErrDraining
		if _, err := ms[0].router.Create(t.Context(), room.Config{RoomID: "mine"}); err == nil {
			t.Fatal("created")
		}
		synctest.Wait()
		ms[0].local.fail, ms[1].local.fail = nil, nil
		if _, err := ms[1].router.Create(t.Context(), room.Config{RoomID: "mine"}); err != nil {
			t.Error(err)
		}
	})
}

func TestTwinsAreReportedAfterASplit(t *testing.T) {
	net := newFakeNet()
	a, b := net.addMember(t, "a@h"), net.addMember(t, "b@h")
	for _, m := range []*fakeMember{a, b} {
		for _, id := range []room.ID{"both", room.ID("only " + m.name)} {
			if _, err := m.router.Create(t.Context(), room.Config{RoomID: id}); err != nil {
				t.Fatal(err)
			}
		}
	}
	net.link("a@h", "b@h")
	a.probeAll(t)
	b.probeAll(t)
	for _, m := range []*fakeMember{a, b} {
		lines := m.log.containing("two nodes")
		if len(lines) != 1 {
			t.Errorf("%s reports %q", m.name, lines)
			continue
		}
		for _, word := range []string{"ERROR", "room_id=both", "a@h", "b@h"} {
			if len(m.log.containing(word)) == 0 {
				t.Errorf("%s does not say %q: %q", m.name, word, lines)
			}
		}
	}
	if copies([]*fakeMember{a, b}, "both") != 2 {
		t.Error("a copy was ended")
	}
}

// An arbiter that takes over is told of what the one before it granted, and a
// grant that is overtaken by its question is void.
func TestClaims(t *testing.T) {
	c := newClaims(func(id room.ID) bool { return id == "here" })
	if v := c.query("here", "t", "x"); !v.taken {
		t.Error("a room that lives here is free")
	}
	if !c.begin("r", "mine") || c.begin("r", "other") {
		t.Error("two claims at once")
	}
	c.ask("r", "arbiter1")
	if v := c.query("r", "mine", "arbiter2"); v.taken || !c.grant("r") {
		t.Error("a claim stands in its own way")
	}
	if v := c.query("r", "theirs", "arbiter2"); !v.taken {
		t.Error("a granted id is free")
	}
	c.end("r", "owner")
	if v := c.query("r", "theirs", "arbiter2"); v.taken || v.owner != "owner" {
		t.Errorf("after creation: %+v", v)
	}
	c.begin("s", "mine")
	c.ask("s", "arbiter1")
	if v := c.query("s", "theirs", "arbiter1"); v.taken || !c.grant("s") {
		t.Error("the same arbiter's other question voids the claim")
	}
	c.begin("u", "mine")
	c.ask("u", "arbiter1")
	c.query("u", "theirs", "arbiter2")
	if c.grant("u") {
		t.Error("a grant of an arbiter that is overtaken counts")
	}
}

func TestArbiterIsTheSameForAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,5}@h`), 2, 8, rapid.ID).Draw(t, "names")
		id := room.ID(rapid.String().Draw(t, "id"))
		want := arbiterOf(id, names[0], names[1:])
		for i, self := range names {
			others := append(append([]string{}, names[:i]...), names[i+1:]...)
			if got := arbiterOf(id, self, rapid.Permutation(others).Draw(t, "others")); got != want {
				t.Fatalf("%s thinks %s, not %s", self, got, want)
			}
		}
		// When another node leaves, nothing changes.
		for i, gone := range names {
			if gone != want && len(names) > 1 {
				rest := append(append([]string{}, names[:i]...), names[i+1:]...)
				if got := arbiterOf(id, rest[0], rest[1:]); got != want {
					t.Fatalf("%s left and the arbiter went from %s to %s", gone, want, got)
				}
			}
		}
	})
}

func TestArbitersAreSpread(t *testing.T) {
	got := map[string]int{}
	for i := range 4000 {
		got[arbiterOf(room.ID(fmt.Sprint("room", i)), "f1@h", []string{"f2@h", "f3@h", "f4@h"})]++
	}
	for name, n := range got {
		if n < 800 || n > 1200 {
			t.Errorf("%s is the arbiter of %d of 4000", name, n)
		}
	}
}

func TestCustomRoomsForget(t *testing.T) {
	alive := map[room.ID]bool{}
	c := newCustomRooms(func(id room.ID) bool { return alive[id] })
	for i := range 10 * customPruneMin {
		c.add(room.ID(fmt.Sprint(i)))
	}
	if len(c.ids) > customPruneMin {
		t.Errorf("%d rooms that ended are kept", len(c.ids))
	}
}
