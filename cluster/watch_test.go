package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

func idsOf(list []orphan) []room.ID {
	var ids []room.ID
	for _, o := range list {
		ids = append(ids, o.id)
	}
	return ids
}

func TestWatch(t *testing.T) {
	now := time.Now()
	url := "http://hook/"
	for name, tt := range map[string]struct {
		do   func(w *watch) []orphan
		want []room.ID
	}{
		"a dead node's rooms, listed and announced": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": url})
			w.note("b", room.RoomCreated{ID: "2"})
			w.down("b", now)
			return w.dead("b")
		}, []room.ID{"1", "2"}},
		"made for this node, and not announced yet": {func(w *watch) []orphan {
			w.made("b", "1")
			w.made("unknown", "2")
			w.down("b", now)
			w.made("b", "3") // too late: its link is gone
			return w.dead("b")
		}, []room.ID{"1"}},
		"made for this node, and ended": {func(w *watch) []orphan {
			w.note("b", room.RoomDeleted{ID: "1"}) // before the list has come
			w.made("b", "1")
			w.down("b", now)
			return w.dead("b")
		}, nil},
		"ended rooms are not": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": "", "2": ""})
			w.note("b", room.RoomDeleted{ID: "1"})
			w.note("b", room.RoomCrashed{ID: "2"})
			w.down("b", now)
			return w.dead("b")
		}, nil},
		"a linked node is not dead": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": ""})
			return w.dead("b")
		}, nil},
		"only once": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": ""})
			w.down("b", now)
			w.dead("b")
			return append(w.dead("b"), w.expire(now.Add(lostFor))...)
		}, nil},
		"after a while anyway": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": ""})
			w.down("b", now)
			if early := w.expire(now.Add(lostFor - 1)); early != nil {
				return early
			}
			return w.expire(now.Add(lostFor))
		}, []room.ID{"1"}},
		"back with its rooms": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": ""})
			w.down("b", now)
			w.up("b")
			return append(w.learn("b", map[room.ID]string{"1": ""}), w.dead("b")...)
		}, nil},
		"back without them": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": "", "2": "", "3": ""})
			w.down("b", now)
			w.up("b")
			w.note("b", room.RoomCreated{ID: "2"}) // a new one of that id
			w.note("b", room.RoomDeleted{ID: "3"}) // told already
			return w.learn("b", map[room.ID]string{"2": "", "3": ""})
		}, []room.ID{"1"}},
		"back, and gone before it was asked": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": ""})
			w.down("b", now)
			w.up("b")
			w.note("b", room.RoomCreated{ID: "2"})
			w.down("b", now)
			return w.dead("b")
		}, []room.ID{"1", "2"}},
		"replaced by a newer link": {func(w *watch) []orphan {
			w.learn("b", map[room.ID]string{"1": "", "2": ""})
			w.up("b")
			return w.learn("b", map[room.ID]string{"2": ""})
		}, []room.ID{"1"}},
		"a list that is older than an end": {func(w *watch) []orphan {
			w.note("b", room.RoomCreated{ID: "1"})
			w.note("b", room.RoomDeleted{ID: "1"})
			w.learn("b", map[room.ID]string{"1": ""})
			w.down("b", now)
			return w.dead("b")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatch()
			w.up("b")
			if got := idsOf(tt.do(w)); !slices.Equal(got, tt.want) {
				t.Errorf("given up %v, want %v", got, tt.want)
			}
		})
	}
}

// A room's webhook is known to the others however its three messages come.
func TestWatchKnowsWebhooks(t *testing.T) {
	const url = "http://hook/"
	for name, do := range map[string]func(w *watch){
		"listed":      func(w *watch) { w.learn("b", map[room.ID]string{"1": url}) },
		"told before": func(w *watch) { w.webhook("b", "1", url); w.note("b", room.RoomCreated{ID: "1"}) },
		"told after":  func(w *watch) { w.note("b", room.RoomCreated{ID: "1"}); w.webhook("b", "1", url) },
		"listed without yet": func(w *watch) {
			w.note("b", room.RoomCreated{ID: "1"})
			w.webhook("b", "1", url)
			w.learn("b", map[room.ID]string{"1": ""})
		},
	} {
		w := newWatch()
		w.up("b")
		do(w)
		w.down("b", time.Now())
		if lost := w.dead("b"); len(lost) != 1 || lost[0] != (orphan{"1", "b", url}) {
			t.Errorf("%s: %+v", name, lost)
		}
	}
}

// An event that was under way when its node was given up does not leave a room
// behind that nobody ends.
func TestLateEventOfADeadNode(t *testing.T) {
	b := NewBus()
	var heard []Notification
	b.Subscribe(func(n Notification) { heard = append(heard, n) })
	b.node.up("b")
	b.node.down("b", time.Now())
	b.foreign("b", room.RoomCreated{ID: "1"})
	if len(heard) != 2 || heard[0].Event != (room.RoomCreated{ID: "1"}) {
		t.Fatalf("heard %+v", heard)
	}
	if e, ok := heard[1].Event.(room.RoomCrashed); !ok || e.ID != "1" {
		t.Errorf("then %+v", heard[1])
	}
	b.foreign("b", room.PeerAdded{ID: "1", Peer: "p"})
	b.foreign("b", room.RoomCrashed{ID: "1"})
	if len(heard) != 2 {
		t.Errorf("and more: %+v", heard[2:])
	}
}
