package room

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestModel compares the rooms with a map, over random operations.
func TestModel(t *testing.T) {
	n := start(t)
	rapid.Check(t, func(r *rapid.T) {
		tracks := map[ID]int{}
		steps := rapid.IntRange(1, 40).Draw(r, "steps")
		for range steps {
			id := ID(fmt.Sprint("r", rapid.IntRange(0, 5).Draw(r, "id")))
			_, lives := tracks[id]
			switch rapid.IntRange(0, 4).Draw(r, "operation") {
			case 0, 1:
				_, err := n.Create(timeout(t), Config{RoomID: id})
				if lives != errors.Is(err, ErrExists) || !lives && err != nil {
					r.Fatalf("create %s: %v", id, err)
				}
				tracks[id] += 0
			case 2:
				if err := n.Delete(timeout(t), id); lives != (err == nil) || !lives && !errors.Is(err, ErrNotFound) {
					r.Fatalf("delete %s: %v", id, err)
				}
				delete(tracks, id)
			case 3:
				if lives {
					_ = n.sys.Kill(n.pid(t, id))
					until(t, "killed", func() bool { return !n.Has(id) })
					delete(tracks, id)
				}
			case 4:
				n.AddForwardedTracks(id, 3)
				if lives {
					tracks[id] += 3
				}
			}
			n.compare(t, r, tracks)
		}
		for id := range tracks {
			if err := n.Delete(timeout(t), id); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func (n *node) compare(t *testing.T, r *rapid.T, tracks map[ID]int) {
	t.Helper()
	want := Usage{Rooms: len(tracks)}
	for _, n := range tracks {
		want.ForwardedTracks += n
	}
	until(t, "usage of the model", func() bool { return n.Usage() == want })
	list, err := n.List(timeout(t))
	if err != nil || len(list) != len(tracks) {
		r.Fatalf("list %v, %v", list, err)
	}
	for _, room := range list {
		if _, ok := tracks[room.ID]; !ok {
			r.Fatalf("%s should be gone", room.ID)
		}
	}
}
