package room

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fjord-media/fjord/internal/actor"
)

func TestRoomFromCreationToDeletion(t *testing.T) {
	n := start(t)
	cfg := Config{RoomID: "r-1", MaxPeers: ptr(3), VideoCodec: ptr("h264"), PeerlessPurgeTimeout: ptr(60)}
	want := Room{ID: "r-1", Config: cfg}
	created, err := n.Create(timeout(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Created{Room: want, Address: "media.test:5002"}, created); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Event{RoomCreated{"r-1"}}, n.seen("r-1")); diff != "" {
		t.Error("before Create returned:", diff)
	}
	got, err := n.Get(timeout(t), "r-1")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	list, err := n.List(timeout(t))
	if diff := cmp.Diff([]Room{want}, list); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if u := n.Usage(); u != (Usage{Rooms: 1}) || !n.Has("r-1") {
		t.Errorf("usage %+v", u)
	}
	if err := n.Delete(timeout(t), "r-1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Event{RoomCreated{"r-1"}, RoomDeleted{"r-1"}}, n.seen("r-1")); diff != "" {
		t.Error("before Delete returned:", diff)
	}
	if _, err := n.Get(timeout(t), "r-1"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "r-1") {
		t.Error(err)
	}
	if list, err := n.List(timeout(t)); len(list) != 0 || err != nil || n.Has("r-1") || n.Usage() != (Usage{}) {
		t.Errorf("left over: %v %v %+v", list, err, n.Usage())
	}
	for _, line := range []string{
		`msg="Initialize room" room_id=r-1`,
		`msg="Created room \"r-1\"" room_id=r-1`,
		`msg="Deleted room \"r-1\"" room_id=r-1`,
	} {
		if strings.Count(n.log(), line) != 1 {
			t.Errorf("log lacks %s:\n%s", line, n.log())
		}
	}
}

func TestNewID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[ID]bool{}
	for range 1000 {
		id := NewID()
		if !form.MatchString(string(id)) || seen[id] {
			t.Fatalf("bad id %q", id)
		}
		seen[id] = true
	}
	n := start(t)
	if id := n.create(t, Config{}); !form.MatchString(string(id)) {
		t.Errorf("made id %q", id)
	}
}

func TestCreateErrors(t *testing.T) {
	n := start(t)
	n.create(t, Config{RoomID: "taken"})
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	check := func(ctx context.Context, id ID, want error) {
		t.Helper()
		if _, err := n.Create(ctx, Config{RoomID: id}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", id, err, want)
		}
	}
	check(timeout(t), "taken", ErrExists)
	check(cancelled, "x", context.Canceled)
	n.Drain(true)
	check(timeout(t), "x", ErrDraining)
	if !n.Draining() {
		t.Error("not draining")
	}
	n.Drain(false)
	n.create(t, Config{RoomID: "x"})

	lonely := NewLocal(LocalOptions{System: n.sys}) // no logger, no events: allowed
	if err := lonely.Delete(timeout(t), "x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	sys, err := actor.Start(context.Background(), "bare", nil)
	if err != nil {
		t.Fatal(err)
	}
	bare := NewLocal(LocalOptions{System: sys})
	if _, err := bare.Create(timeout(t), Config{}); !errors.Is(err, actor.ErrNoActor) || bare.Usage() != (Usage{}) {
		t.Errorf("without a supervisor: %v, %+v", err, bare.Usage())
	}
	if err := sys.Stop(timeout(t)); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyCreationsAndDeletionsWins(t *testing.T) {
	n := start(t)
	const many = 200
	for range 5 {
		var created, deleted atomic.Int64
		var wg sync.WaitGroup
		for range many {
			wg.Go(func() {
				_, err := n.Create(timeout(t), Config{RoomID: "same"})
				switch {
				case err == nil:
					created.Add(1)
				case !errors.Is(err, ErrExists):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for range many {
			wg.Go(func() {
				err := n.Delete(timeout(t), "same")
				switch {
				case err == nil:
					deleted.Add(1)
				case !errors.Is(err, ErrNotFound):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 || deleted.Load() != 1 {
			t.Errorf("%d creations and %d deletions succeeded", created.Load(), deleted.Load())
		}
	}
	var want []Event
	for range 5 {
		want = append(want, RoomCreated{"same"}, RoomDeleted{"same"})
	}
	if diff := cmp.Diff(want, n.seen("same")); diff != "" {
		t.Error(diff)
	}
}

// One room after another with one id: their events never mix.
func TestEventsOfSuccessorsComeLater(t *testing.T) {
	n := start(t)
	ctx, stop := context.WithCancel(timeout(t))
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			_, _ = n.Create(ctx, Config{RoomID: "x"})
		}
	})
	for range 100 {
		until(t, "room", func() bool { _, err := n.Get(ctx, "x"); return err == nil })
		if err := n.Delete(ctx, "x"); err != nil && !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
	for i, e := range n.seen("x") {
		_, isCreation := e.(RoomCreated)
		if isCreation != (i%2 == 0) {
			t.Fatalf("event %d is %T", i, e)
		}
	}
}

func TestOneRoomOfAThousandEnds(t *testing.T) {
	ways := map[string]struct {
		end    func(*node, *testing.T, ID)
		reason string
	}{
		"panics":  {func(n *node, t *testing.T, id ID) { n.crash(t, id) }, "panic: runtime error: invalid memory address or nil pointer dereference"},
		"killed":  {func(n *node, t *testing.T, id ID) { _ = n.sys.Kill(n.pid(t, id)) }, "killed"},
		"crashes": {func(n *node, t *testing.T, id ID) { _ = n.sys.Exit(n.pid(t, id), errors.New("odd")) }, "odd"},
	}
	n := start(t)
	for i := range 1000 {
		n.create(t, Config{RoomID: ID(fmt.Sprint("r", i)), PeerlessPurgeTimeout: ptr(600)})
		n.AddForwardedTracks(ID(fmt.Sprint("r", i)), 2)
	}
	left, victim := 1000, 500
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			victim++
			left--
			id := ID(fmt.Sprint("r", victim))
			way.end(n, t, id)
			reason := n.crashed(t, id)
			if reason.Error() != way.reason {
				t.Errorf("reason %q", reason)
			}
			until(t, "counted out", func() bool { return n.Usage() == Usage{ForwardedTracks: 2 * left, Rooms: left} })
			if list, _ := n.List(timeout(t)); len(list) != left || n.sys.Children(supervisorName) != left {
				t.Errorf("%d rooms listed", len(list))
			}
			if err := n.Delete(timeout(t), id); !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
			line := fmt.Sprintf("Process %s is down with reason: %s", id, way.reason)
			if !strings.Contains(n.log(), line) {
				t.Errorf("log lacks %q", line)
			}
			n.create(t, Config{RoomID: id}) // the id is free
			left++
			n.AddForwardedTracks(id, 2)
			kinds := fmt.Sprintf("%T", n.seen(id))
			if len(n.seen(id)) != 3 {
				t.Errorf("events %s %v", kinds, n.seen(id))
			}
		})
	}
}

func TestForwardedTracks(t *testing.T) {
	n := start(t)
	a, b := n.create(t, Config{}), n.create(t, Config{})
	n.AddForwardedTracks(a, 5)
	n.AddForwardedTracks(b, 3)
	n.AddForwardedTracks(a, -1)
	n.AddForwardedTracks("nobody", 100)
	if u := n.Usage(); u != (Usage{ForwardedTracks: 7, Rooms: 2}) {
		t.Errorf("%+v", u)
	}
	gone, _ := n.rooms.get(a)
	if err := n.Delete(timeout(t), a); err != nil {
		t.Fatal(err)
	}
	gone.addTracks(9) // a late report
	if u := n.Usage(); u != (Usage{ForwardedTracks: 3, Rooms: 1}) {
		t.Errorf("%+v", u)
	}
}

func TestPeerlessPurge(t *testing.T) {
	t.Parallel()
	n := start(t)
	stays := n.create(t, Config{PeerlessPurgeTimeout: ptr(3600)})
	id := n.create(t, Config{RoomID: "purged", PeerlessPurgeTimeout: ptr(1)})
	until(t, "purged", func() bool { return len(n.seen(id)) == 2 && !n.Has(id) })
	if diff := cmp.Diff([]Event{RoomCreated{id}, RoomDeleted{id}}, n.seen(id)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(n.log(), `msg="Removing room because it was peerless for 1 seconds" room_id=purged`) {
		t.Error(n.log())
	}
	if !n.Has(stays) {
		t.Error("the other room went too")
	}
}

func TestPurgeOfOldArmingIsIgnored(t *testing.T) {
	n := start(t)
	id := n.create(t, Config{PeerlessPurgeTimeout: ptr(3600)})
	for _, due := range []purgeDue{{0}, {2}} { // the first arming is number 1
		_ = n.sys.Send(n.pid(t, id), due)
	}
	_ = n.sys.Send(n.pid(t, id), "nonsense")
	if _, err := n.sys.Call(timeout(t), n.pid(t, id), "nonsense"); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if !n.Has(id) {
		t.Fatal("purged")
	}
	_ = n.sys.Send(n.pid(t, id), purgeDue{1})
	until(t, "purged", func() bool { return !n.Has(id) })
}

func TestRoomSupervisorDies(t *testing.T) {
	n := start(t)
	var ids []ID
	for range 20 {
		ids = append(ids, n.create(t, Config{}))
	}
	old, _ := n.sys.Whereis(supervisorName)
	_ = n.sys.Kill(old)
	for _, id := range ids {
		if reason := n.crashed(t, id); !errors.Is(reason, actor.ErrShutdown) {
			t.Error(reason)
		}
	}
	until(t, "it is back", func() bool { _, err := n.Create(timeout(t), Config{}); return err == nil })
}

func TestStopAll(t *testing.T) {
	for _, crashed := range []bool{true, false} {
		t.Run(fmt.Sprint("crashed ", crashed), func(t *testing.T) {
			n := start(t)
			var wg sync.WaitGroup
			var mu sync.Mutex
			var ids []ID
			for range 4 { // creations go on while it stops
				wg.Go(func() {
					for {
						c, err := n.Create(timeout(t), Config{})
						if errors.Is(err, ErrDraining) {
							return
						}
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						ids = append(ids, c.Room.ID)
						mu.Unlock()
					}
				})
			}
			until(t, "some rooms", func() bool { return n.Usage().Rooms > 50 })
			if err := n.StopAll(timeout(t), crashed); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			until(t, "no room", func() bool { return n.Usage() == Usage{} })
			n.checkEnds(t, ids, crashed)
		})
	}
}

func (n *node) checkEnds(t *testing.T, ids []ID, crashed bool) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	ends := map[ID][]bool{} // one element per end: was it a crash?
	for _, e := range n.events {
		switch e.(type) {
		case RoomDeleted:
			ends[e.Room()] = append(ends[e.Room()], false)
		case RoomCrashed:
			ends[e.Room()] = append(ends[e.Room()], true)
		}
	}
	for _, id := range ids {
		if diff := cmp.Diff([]bool{crashed}, ends[id]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

func TestStopAllGivesUp(t *testing.T) {
	n := start(t)
	wake := make(chan struct{})
	busy := make(chan struct{})
	n.Local.events = func(e Event) { // a room whose last event blocks
		if _, ok := e.(RoomDeleted); ok {
			close(busy)
			<-wake
		}
	}
	id := n.create(t, Config{})
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := n.Delete(short, id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delete: %v", err)
	}
	<-busy
	if err := n.StopAll(short, false); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 left") {
		t.Errorf("stop: %v", err)
	}
	if _, err := n.Get(timeout(t), id); !errors.Is(err, ErrNotFound) {
		t.Error("an ended room is still shown")
	}
	close(wake)
	until(t, "gone", func() bool { return n.Usage() == Usage{} })
}

// Nothing is said of a room after its end, though peers come while it ends;
// and each peer that was announced has an end.
func TestStopAllWhilePeersCome(t *testing.T) {
	n := start(t)
	var ids []ID
	for range 50 {
		ids = append(ids, n.create(t, Config{}))
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; ; i += 4 {
				if _, err := n.AddPeer(timeout(t), ids[i%len(ids)], PeerConfig{Type: PeerWebRTC}); err != nil {
					return
				}
			}
		})
	}
	until(t, "some peers", func() bool { return n.added() > 20 })
	if err := n.StopAll(timeout(t), true); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	over, peers := map[ID]bool{}, map[string]bool{}
	for _, e := range n.events {
		if over[e.Room()] {
			t.Errorf("%#v after the end", e)
		}
		switch e := e.(type) {
		case PeerAdded:
			peers[e.Peer] = true
		case PeerDeleted:
			delete(peers, e.Peer)
		case RoomCrashed:
			over[e.ID] = true
		}
	}
	if len(over) != len(ids) || len(peers) > 0 {
		t.Errorf("%d rooms of %d ended; peers without an end: %v", len(over), len(ids), peers)
	}
}

// added is how many peers were announced.
func (n *node) added() (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.events {
		if _, ok := e.(PeerAdded); ok {
			count++
		}
	}
	return count
}
