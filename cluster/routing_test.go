package cluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

// routingLab is three nodes with a way of routing and a room on each.
func routingLab(t *testing.T, how Routing) ([]*labNode, []room.ID) {
	t.Helper()
	all := newLab(t).fjordsWith(t, 3, func(o *Options) { o.Routing = how })
	within(t, 5*time.Second, "probed", func() bool { return all[2].fjordsKnown() == 2 })
	var ids []room.ID
	for _, x := range all {
		c, err := x.router.createAlone(t.Context(), room.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.Room.ID)
	}
	return all, ids
}

// Every operation works through every node.
func TestRequestsAreRouted(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]Routing{"by id": RouteByID, "transparent": RouteTransparent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, ids := routingLab(t, how)
			for i, id := range ids {
				x := all[(i+1)%3].Service()
				if r, err := x.Get(t.Context(), id); err != nil || r.ID != id {
					t.Errorf("get %s: %+v, %v", id, r, err)
				}
				p, err := x.AddPeer(t.Context(), id, room.PeerConfig{Type: room.PeerWebRTC, EnableSimulcast: true})
				if err != nil || p.ID == "" || p.Type != "webrtc" || p.Status != room.Disconnected {
					t.Fatalf("add peer: %+v, %v", p, err)
				}
				if r, err := all[i].rooms.Get(t.Context(), id); err != nil || len(r.Peers) != 1 || r.Peers[0].ID != p.ID {
					t.Errorf("the owner has %+v, %v", r, err)
				}
				if address, err := all[(i+2)%3].Address(t.Context(), id); err != nil || address != all[i].name+":4000" {
					t.Errorf("address %q, %v", address, err)
				}
				// A transparent node tells only what it has heard of: the event may be on its way.
				within(t, time.Second, "heard of", func() bool {
					address, elsewhere, err := all[(i+2)%3].Elsewhere(t.Context(), id)
					return err == nil && elsewhere && address == all[i].name+":4000"
				})
				if _, elsewhere, err := all[i].Elsewhere(t.Context(), id); err != nil || elsewhere {
					t.Errorf("its own room is elsewhere, %v", err)
				}
				if err := x.DeletePeer(t.Context(), id, "none"); !errors.Is(err, room.ErrPeerNotFound) {
					t.Errorf("delete no peer: %v", err)
				}
				if err := x.DeletePeer(t.Context(), id, p.ID); err != nil {
					t.Errorf("delete peer: %v", err)
				}
				if _, err := x.AddComponent(t.Context(), id, room.ComponentConfig{Type: "hls"}); !errors.Is(err, room.ErrComponentsDisabled) {
					t.Errorf("add component: %v", err)
				}
				if err := x.Subscribe(t.Context(), id, "c", []string{"p"}); !errors.Is(err, room.ErrComponentNotFound) {
					t.Errorf("subscribe: %v", err)
				}
			}
			rooms, err := all[0].Service().List(t.Context())
			var listed []room.ID
			for _, r := range rooms {
				listed = append(listed, r.ID)
			}
			slices.Sort(listed)
			if want := slices.Sorted(slices.Values(ids)); err != nil || !slices.Equal(listed, want) {
				t.Errorf("list %v, %v", listed, err)
			}
			if err := all[0].Service().Delete(t.Context(), ids[2]); err != nil || all[2].rooms.Has(ids[2]) {
				t.Errorf("delete: %v", err)
			}
			if _, err := all[0].Service().Get(t.Context(), ids[2]); !errors.Is(err, room.ErrNotFound) {
				t.Errorf("get what is gone: %v", err)
			}
		})
	}
}

// Without routing a room is found on its own node only.
func TestRoomsAreLocalWithoutRouting(t *testing.T) {
	t.Parallel()
	all, ids := routingLab(t, RouteNone)
	if _, err := all[0].Service().Get(t.Context(), ids[1]); !errors.Is(err, room.ErrNotFound) {
		t.Error(err)
	}
	if _, elsewhere, err := all[0].Elsewhere(t.Context(), ids[1]); err != nil || elsewhere {
		t.Error(elsewhere, err)
	}
	if list, err := all[0].Service().List(t.Context()); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
}

// Ids of the routing flag name their owner, whatever the client asked for.
func TestRoutedIDs(t *testing.T) {
	t.Parallel()
	all, ids := routingLab(t, RouteByID)
	for i, id := range ids {
		if owner, ok := nodeOfID(id); !ok || owner != all[i].name || len(strings.Split(string(id), "-")) != 5 {
			t.Errorf("%s names %q", id, owner)
		}
	}
	for range 4 {
		c, err := all[0].Service().Create(t.Context(), room.Config{RoomID: "mine"})
		owner, ok := nodeOfID(c.Room.ID)
		if err != nil || !ok || owner+":4000" != c.Address {
			t.Errorf("%s on %s, %v", c.Room.ID, c.Address, err)
		}
	}
	for id, want := range map[room.ID]error{
		"none": room.ErrInvalidID, "": room.ErrInvalidID, "a-XYZ": room.ErrInvalidID, "a-6631406C": room.ErrInvalidID,
		"a-" + "6e6f626f6479": room.ErrNotFound, routedID("f9@localhost"): room.ErrNotFound,
		routedID(all[0].name): room.ErrNotFound, routedID(all[1].name): room.ErrNotFound,
	} {
		if _, err := all[0].Service().Get(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", id, err, want)
		}
		if owner, ok := nodeOfID(id); ok && (owner == all[0].name || owner == all[1].name) {
			continue // nobody looks whether the room is there
		}
		if _, _, err := all[0].Elsewhere(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("elsewhere %q: %v, want %v", id, err, want)
		}
	}
}

// The golden id of a real node.
func TestGoldenRoutedID(t *testing.T) {
	if owner, ok := nodeOfID("1a14-4759-8627-e94b9da961c4-6631406c6f63616c686f7374"); !ok || owner != "f1@localhost" {
		t.Errorf("%q, %v", owner, ok)
	}
}

// A frozen owner costs a request its limit, and is told apart from no room.
func TestUnreachableOwner(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	ms[0].router.routing = RouteByID
	id := routedID("f2@h")
	ms[1].mu.Lock()
	ms[1].dead = true
	ms[1].mu.Unlock()
	if _, err := ms[0].router.Get(t.Context(), id); !errors.Is(err, room.ErrUnreachable) {
		t.Error(err)
	}
}
