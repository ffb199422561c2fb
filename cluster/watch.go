package cluster

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

// lostFor is how long a node whose link is gone may come back before its rooms
// are given up, when no attempt to reach it has failed before.
const lostFor = 10 * time.Second

// maxHooks is how many webhooks may wait for their room to be announced.
const maxHooks = 4096

// Reasons of crashes on other nodes.
var (
	errElsewhere = errors.New("crashed on its node")
	errOwnerGone = errors.New("its node is gone")
)

// watch knows the rooms of the other nodes: from their notifications, and from
// one list when a link comes up. When a node dies it says which rooms went with
// it.
//
// A lost link alone is no death: the node may be back a second later with all
// its rooms. It is dead when an attempt to link up again fails, and after
// lostFor anyway.
type watch struct {
	mu    sync.Mutex
	nodes map[string]*ward
	hooks map[room.ID]string // webhooks of rooms that are being made here
}

// ward is what is known of one node.
type ward struct {
	up    bool
	since time.Time          // of the loss
	rooms map[room.ID]string // with their webhooks, "" when there is none
	hooks map[room.ID]string // of rooms that are about to be announced
	// doubt are rooms from before the link was lost, gone are ids that ended
	// since it is back: until the list has come.
	doubt map[room.ID]string
	gone  map[room.ID]bool
}

// orphan is a room whose node died.
type orphan struct {
	id      room.ID
	node    string
	webhook string
}

func newWatch() *watch { return &watch{nodes: map[string]*ward{}, hooks: map[room.ID]string{}} }

func (w *watch) ward(name string) *ward {
	x := w.nodes[name]
	if x == nil {
		x = &ward{rooms: map[room.ID]string{}, hooks: map[room.ID]string{}}
		w.nodes[name] = x
	}
	return x
}

// expect notes the webhook of a room that is about to be made here, until done
// is called.
func (w *watch) expect(cfg room.Config) (done func()) {
	if cfg.WebhookURL == nil || *cfg.WebhookURL == "" {
		return func() {}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hooks[cfg.RoomID] = *cfg.WebhookURL
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.hooks, cfg.RoomID)
	}
}

// hook is the webhook of a room that is being made here, or "".
func (w *watch) hook(id room.ID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hooks[id]
}

// owner is the node from which a room was last heard of.
func (w *watch) owner(id room.ID) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, x := range w.nodes {
		if _, ok := x.rooms[id]; ok && x.up {
			return name, true
		}
	}
	return "", false
}

// up begins a link, or a newer one in place of another: what was known before is
// in doubt.
func (w *watch) up(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.ward(name)
	doubt := x.doubt
	if doubt == nil {
		doubt = map[room.ID]string{}
	}
	for id, url := range x.rooms {
		doubt[id] = url
	}
	*x = ward{up: true, rooms: map[room.ID]string{}, hooks: map[room.ID]string{}, doubt: doubt, gone: map[room.ID]bool{}}
}

// down ends a link.
func (w *watch) down(name string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.ward(name)
	x.up, x.since = false, now
	for id, url := range x.doubt {
		if _, known := x.rooms[id]; !known && !x.gone[id] {
			x.rooms[id] = url
		}
	}
	x.doubt, x.gone = nil, nil
	if len(x.rooms) == 0 {
		delete(w.nodes, name)
	}
}

// learn takes the list of a node's rooms, with their webhooks. It returns those
// that were known before the link was lost and are no more.
func (w *watch) learn(name string, list map[room.ID]string) []orphan {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.nodes[name]
	if x == nil || !x.up {
		return nil
	}
	var lost []orphan
	for id, url := range x.doubt {
		if _, lives := list[id]; !lives && !x.gone[id] && !has(x.rooms, id) {
			lost = append(lost, orphan{id, name, url})
		}
	}
	for id, url := range list {
		if !x.gone[id] {
			x.rooms[id] = cmp.Or(url, x.rooms[id])
		}
	}
	x.doubt, x.gone = nil, nil
	return sorted(lost)
}

func has(m map[room.ID]string, id room.ID) bool {
	_, ok := m[id]
	return ok
}

// note takes an event of another node's room. dead says that the node is not
// linked any more and that its rooms have been given up: the end of each has been
// told.
func (w *watch) note(name string, e room.Event) (dead bool) {
	id := e.Room()
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.nodes[name]
	if x == nil {
		return true
	}
	switch e.(type) {
	case room.RoomCreated:
		x.rooms[id] = cmp.Or(x.hooks[id], x.rooms[id])
		delete(x.hooks, id)
		delete(x.gone, id)
	case room.RoomDeleted, room.RoomCrashed:
		delete(x.rooms, id)
		delete(x.hooks, id)
		if x.gone != nil {
			x.gone[id] = true
		}
	}
	return false
}

// made notes a room that another node has made for this one, whose announcement
// comes on a way of its own, if at all: that node may die before.
func (w *watch) made(name string, id room.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.nodes[name]; x != nil && x.up && !has(x.rooms, id) && !x.gone[id] {
		x.rooms[id] = x.hooks[id]
	}
}

// heardOf says whether a room is known, or in doubt.
func (w *watch) heardOf(l lostRoom) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.nodes[l.node]
	return x != nil && (has(x.rooms, l.id) || has(x.doubt, l.id))
}

// webhook notes the webhook of another node's room. The room's announcement
// comes on a way of its own, before or after.
func (w *watch) webhook(name string, id room.ID, url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.nodes[name]
	if x == nil {
		return
	}
	if has(x.rooms, id) {
		x.rooms[id] = url
		return
	}
	if len(x.hooks) >= maxHooks { // of rooms that ended before
		clear(x.hooks)
	}
	x.hooks[id] = url
}

// dead gives up a node that cannot be reached; nothing when it is linked.
func (w *watch) dead(name string) []orphan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.giveUp(name)
}

func (w *watch) giveUp(name string) []orphan {
	x := w.nodes[name]
	if x == nil || x.up {
		return nil
	}
	delete(w.nodes, name)
	lost := make([]orphan, 0, len(x.rooms))
	for id, url := range x.rooms {
		lost = append(lost, orphan{id, name, url})
	}
	return sorted(lost)
}

// expire gives up all nodes that have been away for too long.
func (w *watch) expire(now time.Time) []orphan {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lost []orphan
	for name, x := range w.nodes {
		if !x.up && now.Sub(x.since) >= lostFor {
			lost = append(lost, w.giveUp(name)...)
		}
	}
	return lost
}

func sorted(list []orphan) []orphan {
	slices.SortFunc(list, func(a, b orphan) int { return cmp.Compare(a.id, b.id) })
	return list
}
