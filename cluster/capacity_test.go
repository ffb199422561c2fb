package cluster

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/fjord-media/fjord/room"
)

func limitedMesh(t *testing.T, limits Limits) []*fakeMember {
	t.Helper()
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	ms[0].router.local.limits = limits
	return ms
}

// A full node is passed over, by itself and by others, and 503 is the answer
// when all are full.
func TestFullNodesAreLeftOut(t *testing.T) {
	ms := limitedMesh(t, Limits{Rooms: 2})
	ms[1].router.local.limits = Limits{Rooms: 3}
	for i := range 5 {
		if _, err := ms[i%2].router.Create(t.Context(), room.Config{}); err != nil {
			t.Fatalf("room %d: %v", i+1, err)
		}
	}
	if a, b := ms[0].local.count(), ms[1].local.count(); a != 2 || b != 3 {
		t.Errorf("%d and %d rooms", a, b)
	}
	for _, m := range ms {
		if _, err := m.router.Create(t.Context(), room.Config{}); !errors.Is(err, room.ErrDraining) {
			t.Errorf("beyond the limit: %v", err)
		}
	}
	ms[0].router.local.note(room.RoomDeleted{ID: anyRoom(ms[0].local)})
	if c, err := ms[1].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f1@h:4000" {
		t.Errorf("after a room has ended: %v at %q", err, c.Address)
	}
}

func anyRoom(l *fakeLocal) room.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.rooms {
		return id
	}
	return ""
}

func TestTracksLimit(t *testing.T) {
	ms := limitedMesh(t, Limits{ForwardedTracks: 10})
	ms[0].local.tracks, ms[1].local.tracks = 10, 500
	for range 3 {
		if c, err := ms[0].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f2@h:4000" {
			t.Fatalf("%v at %q", err, c.Address)
		}
	}
}

// Many creations at once never exceed the limit, and fill it.
func TestLimitHoldsUnderLoad(t *testing.T) {
	local := newFakeLocal("x")
	c := newCapacity(local, Limits{Rooms: 50})
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := c.Create(t.Context(), room.Config{}); err != nil && !errors.Is(err, room.ErrDraining) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := local.count(); n != 50 {
		t.Errorf("%d rooms", n)
	}
}

// A creation that fails gives its seat back.
func TestFailedCreationHoldsNoSeat(t *testing.T) {
	local := newFakeLocal("x")
	c := newCapacity(local, Limits{Rooms: 2})
	for range 5 {
		if _, err := c.Create(t.Context(), room.Config{RoomID: "one"}); err != nil && !errors.Is(err, room.ErrExists) {
			t.Fatal(err)
		}
	}
	if _, err := c.Create(t.Context(), room.Config{}); err != nil {
		t.Error(err)
	}
}

// What Elixir nodes see of a draining node: numbers that they never choose, and
// an exception when they call create_room/1 all the same.
func TestDrainingNodeAsElixirSeesIt(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	if _, err := ms[0].local.Create(t.Context(), room.Config{}); err != nil {
		t.Fatal(err)
	}
	ms[0].local.drain(true)
	for _, d := range dialects() {
		answer, err := ms[1].Call(t.Context(), "f1@h", d.usage, funUsage)
		if err != nil {
			t.Fatal(err)
		}
		l, err := parseUsage(answer)
		if err != nil || l.Usage != (room.Usage{ForwardedTracks: 1<<27 - 1, Rooms: 1}) {
			t.Errorf("%s: %+v, %v", d.name, l.Usage, err)
		}
	}
	config := configTerm(productFishjam, room.Config{RoomID: "x"})
	if answer, err := ms[1].Call(t.Context(), "f1@h", dialects()[dialectMain].rooms, funCreate, config); err == nil {
		t.Errorf("create_room/1 answers %v", answer)
	}
	for i := range 4 {
		c, err := ms[i%2].router.Create(t.Context(), room.Config{RoomID: room.ID(fmt.Sprint("c", i))})
		if err != nil || c.Address != "f2@h:4000" {
			t.Errorf("through %s: %v at %q", ms[i%2].name, err, c.Address)
		}
	}
	ms[0].local.drain(false)
	if c, err := ms[1].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f1@h:4000" {
		t.Errorf("after the drain: %v at %q", err, c.Address)
	}
}
