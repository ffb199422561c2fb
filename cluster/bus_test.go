package cluster

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

// knows says whether something is known of a node's rooms.
func (w *watch) knows(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[name] != nil
}

// waiting is how many webhooks are still to be sent, here or elsewhere.
func (o *orphans) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.list)
}

// hearEach waits until all nodes know each other's PubSub.
func hearEach(t *testing.T, all []*labNode) {
	t.Helper()
	within(t, 5*time.Second, "PubSub of all nodes", func() bool {
		for _, x := range all {
			if len(x.parts.inFishjam()) != len(all) {
				return false
			}
		}
		return true
	})
}

// A listener on any node hears the events and the reports of all nodes, each
// once and in order.
func TestNotificationsOfAllNodes(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 3)
	hearEach(t, all)
	var ids []room.ID
	for i, x := range all {
		id := room.ID([]string{"a", "b", "c"}[i])
		if _, err := x.rooms.Create(t.Context(), room.Config{RoomID: id}); err != nil {
			t.Fatal(err)
		}
		p, err := x.rooms.AddPeer(t.Context(), id, room.PeerConfig{Type: room.PeerWebRTC})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.rooms.DeletePeer(t.Context(), id, p.ID); err != nil {
			t.Fatal(err)
		}
		if err := x.rooms.Delete(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, x := range all {
		for i, id := range ids {
			want := []string{"RoomCreated ", "PeerAdded ", "PeerDeleted ", "RoomDeleted "}
			for j := range want {
				want[j] += all[i].name
				if all[i] == x {
					want[j] += " own"
				}
			}
			within(t, 2*time.Second, x.name+" hears of "+string(id), func() bool { return len(x.heard.events(id)) >= len(want) })
			if got := x.heard.events(id); !slices.Equal(got, want) {
				t.Errorf("%s hears %q, want %q", x.name, got, want)
			}
		}
		within(t, 3*time.Second, "reports", func() bool { return len(x.heard.reports()) == len(all) })
	}
}

// A node that stops announces its rooms before its links close, and nobody
// announces them again.
func TestRoomsOfALeavingNode(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 3)
	hearEach(t, all)
	leaver := all[2]
	if _, err := leaver.rooms.Create(t.Context(), room.Config{RoomID: "cut"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), slack*2*time.Second)
	defer cancel()
	if err := leaver.rooms.StopAll(ctx, true); err != nil {
		t.Fatal(err)
	}
	leaver.stop()
	stopNode(t, leaver.erl)
	for _, x := range all[:2] {
		within(t, time.Second, "told", func() bool { return len(x.heard.events("cut")) >= 2 })
		within(t, 5*time.Second, "gone", func() bool { return !x.bus.node.knows(leaver.name) })
		if got := x.heard.events("cut"); !slices.Equal(got, []string{"RoomCreated f3@localhost", "RoomCrashed f3@localhost"}) {
			t.Errorf("%s hears %q", x.name, got)
		}
	}
}

// A node that dies announces nothing; each survivor tells its own listeners,
// once, and the one of the greatest name tells the webhooks.
func TestRoomsOfADeadNode(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 4)
	hearEach(t, all)
	dead := all[3]
	hook := "http://hook/"
	for _, id := range []room.ID{"hooked", "plain"} {
		cfg := room.Config{RoomID: id}
		if id == "hooked" {
			cfg.WebhookURL = &hook
		}
		if _, err := dead.router.createHere(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range all[:3] {
		within(t, 2*time.Second, "known", func() bool { return len(x.heard.events("hooked"))+len(x.heard.events("plain")) == 2 })
	}
	dead.cancel() // it dies: nothing of it notices anything
	stopNode(t, dead.erl)
	for _, x := range all[:3] {
		within(t, 5*time.Second, "announced", func() bool { return len(x.heard.events("hooked"))+len(x.heard.events("plain")) == 4 })
	}
	within(t, 5*time.Second, "webhook", func() bool { return len(all[2].hooks.events("hooked")) == 1 })
	for _, x := range all[:2] { // long before it would be their turn
		within(t, orphanTurn/2, "told that the webhook is sent", func() bool { return x.orphans.waiting() == 0 })
	}
	for i, x := range all[:3] {
		for _, id := range []room.ID{"hooked", "plain"} {
			if got := x.heard.events(id); !slices.Equal(got, []string{"RoomCreated f4@localhost", "RoomCrashed f4@localhost"}) {
				t.Errorf("%s hears %q", x.name, got)
			}
		}
		want := 0
		if i == 2 {
			want = 1
		}
		x.hooks.mu.Lock()
		if len(x.hooks.all) != want || want == 1 && x.hooks.all[0].Origin != hook {
			t.Errorf("%s sends webhooks %+v", x.name, x.hooks.all)
		}
		x.hooks.mu.Unlock()
	}
}

// A node that comes late learns of rooms that are there by the list.
func TestLateNodeLearnsOfRooms(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	first := l.fjords(t, 1)[0]
	hook := "http://hook/"
	if _, err := first.router.createHere(t.Context(), room.Config{RoomID: "old", WebhookURL: &hook}); err != nil {
		t.Fatal(err)
	}
	late := l.fjord(t, "f2@localhost", "f1@localhost")
	within(t, 5*time.Second, "learned", func() bool { owner, ok := late.bus.node.owner("old"); return ok && owner == first.name })
	first.cancel()
	stopNode(t, first.erl)
	within(t, 5*time.Second, "announced", func() bool {
		return slices.Equal(late.heard.events("old"), []string{"RoomCrashed f1@localhost"})
	})
	within(t, 5*time.Second, "webhook", func() bool { return len(late.hooks.events("old")) == 1 })
}

func TestBusAlone(t *testing.T) {
	b := NewBus()
	e := &ear{}
	cancel := b.Subscribe(e.hear)
	b.Publish(room.RoomCreated{ID: "1"})
	b.PublishMetrics(map[string]any{"a": 1})
	b.PublishMetrics(nil)
	cancel()
	b.Publish(room.RoomDeleted{ID: "1"})
	if len(e.all) != 3 || !e.all[0].Own || e.all[1].Metrics != `{"a":1}` || e.all[2].Metrics != "{}" {
		t.Errorf("heard %+v", e.all)
	}
}

// Who made a room hears of it when the other nodes will, whatever happens to its
// owner next.
func TestAnnouncedBeforeAnswered(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 3)
	hearEach(t, all)
	x := all[0]
	x.bus.announceWait = 30 * time.Second // on a busy machine, too
	for i := range 100 {
		if _, err := x.router.createHere(t.Context(), room.Config{RoomID: room.NewID()}); err != nil {
			t.Fatal(err)
		}
		peers := x.parts.fishjam.Stats().Peers
		for _, p := range peers {
			if p.Sent <= uint64(i) {
				t.Errorf("after %d rooms %d notifications have left for %s", i+1, p.Sent, p.Node)
			}
		}
		if len(peers) != len(all)-1 {
			t.Fatalf("sent to %+v", peers)
		}
	}
}
