package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fjord-media/fjord/internal/actor"
)

// people is a node with a room and named peers in it.
type people struct {
	*node
	t     *testing.T
	room  ID
	media *fakeMedia
}

func startPeople(t *testing.T, cfg Config) *people {
	t.Helper()
	n := start(t)
	p := &people{node: n, t: t, media: newFakeMedia()}
	n.Local.media = p.media
	p.room = n.create(t, cfg)
	return p
}

func (p *people) add() string {
	p.t.Helper()
	peer, err := p.AddPeer(timeout(p.t), p.room, PeerConfig{Type: PeerWebRTC})
	if err != nil {
		p.t.Fatal(err)
	}
	return peer.ID
}

func (p *people) join(peer string) (*fakeSocket, PeerSession) {
	p.t.Helper()
	s := &fakeSocket{}
	session, err := p.Join(timeout(p.t), p.room, peer, s)
	if err != nil {
		p.t.Fatal(err)
	}
	return s, session
}

func say(s PeerSession, events ...string) {
	for _, e := range events {
		s.Receive([]byte(e))
	}
}

// events are those of the room after RoomCreated, with peer ids replaced by
// their position in names.
func (p *people) events(names ...string) []string {
	var list []string
	for _, e := range p.seen(p.room) {
		text := fmt.Sprintf("%T%v", e, e)
		text = strings.ReplaceAll(strings.TrimPrefix(text, "room."), string(p.room)+" ", "")
		for i, name := range names {
			text = strings.ReplaceAll(text, name, string(rune('a'+i)))
		}
		list = append(list, text)
	}
	return list[1:]
}

func (p *people) expect(names []string, want ...string) {
	p.t.Helper()
	until(p.t, "events", func() bool { return len(p.events(names...)) >= len(want) })
	if diff := cmp.Diff(want, p.events(names...)); diff != "" {
		p.t.Error(diff)
	}
}

func (p *people) closed(s *fakeSocket, code int, reason string) {
	p.t.Helper()
	until(p.t, "socket closed", func() bool { return len(s.closings()) > 0 })
	if diff := cmp.Diff([]closing{{code, reason}}, s.closings()); diff != "" {
		p.t.Error(diff)
	}
}

func TestPeerLifeByREST(t *testing.T) {
	p := startPeople(t, Config{RoomID: "r"})
	a := p.add()
	s, session := p.join(a)
	say(session, "echo hello", "name ann", "name ann", "track t1", "track t2", "retrack t1", "untrack t2", "nonsense")
	until(t, "echo", func() bool { return len(s.received()) == 1 })
	p.expect([]string{a}, "PeerAdded{a}", "PeerConnected{a}", "PeerMetadataUpdated{a ann}",
		"TrackAdded{{a } {t1 audio <nil>}}", "TrackAdded{{a } {t2 audio <nil>}}",
		"TrackMetadataUpdated{{a } {t1 audio new}}", "TrackRemoved{{a } {t2 audio <nil>}}")
	r, err := p.Get(timeout(t), "r")
	want := []Peer{{ID: a, Type: "webrtc", Status: Connected, Tracks: []Track{{"t1", "audio", "new"}}, Metadata: "ann"}}
	if diff := cmp.Diff(want, r.Peers); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if p.Usage().ForwardedTracks != 1 {
		t.Errorf("usage %+v", p.Usage())
	}
	if err := p.DeletePeer(timeout(t), "r", a); err != nil {
		t.Fatal(err)
	}
	if got := p.events(a)[7:]; !cmp.Equal(got, []string{"TrackRemoved{{a } {t1 audio new}}", "PeerDisconnected{a}", "PeerDeleted{a}"}) {
		t.Error("before DeletePeer returned:", got)
	}
	p.closed(s, 1000, "Peer removed")
	session.Receive([]byte("echo late"))
	session.Gone(nil)
	until(t, "media closed", func() bool { return p.media.room("r").count() == 0 && p.Usage().ForwardedTracks == 0 })
	if err := p.DeletePeer(timeout(t), "r", a); !errors.Is(err, ErrPeerNotFound) {
		t.Error(err)
	}
	if len(p.events()) != 10 {
		t.Error(p.events(a))
	}
	for _, line := range []string{"Added peer", "connected", "Removed peer"} {
		if !strings.Contains(p.log(), line) || !strings.Contains(p.log(), "peer_id="+a) {
			t.Errorf("log lacks %s", line)
		}
	}
}

func TestPeerReconnects(t *testing.T) {
	p := startPeople(t, Config{})
	a := p.add()
	for range 20 { // with no pause: the original's room crashes
		_, session := p.join(a)
		say(session, "track x")
		if _, err := p.Join(timeout(t), p.room, a, &fakeSocket{}); !errors.Is(err, ErrPeerConnected) {
			t.Fatal(err)
		}
		session.Gone(nil)
		until(t, "free", func() bool {
			s := &fakeSocket{}
			session, err := p.Join(timeout(t), p.room, a, s)
			if err != nil {
				return false
			}
			session.Gone(nil)
			return true
		})
		until(t, "left", func() bool { r, _ := p.Get(timeout(t), p.room); return r.Peers[0].Status == Disconnected })
	}
	events := p.events(a)
	want := []string{"PeerConnected{a}", "TrackAdded{{a } {x audio <nil>}}", "PeerDisconnected{a}", "TrackRemoved{{a } {x audio <nil>}}", "PeerConnected{a}", "PeerDisconnected{a}"}
	for round := range 20 {
		if got := events[1+6*round:][:6]; !cmp.Equal(want, got) {
			t.Fatal(cmp.Diff(want, got))
		}
	}
}

func TestRoomEndsWithItsPeers(t *testing.T) {
	ways := map[string]struct {
		end      func(p *people)
		code     int
		reason   string
		cleanup  bool
		lastName string
	}{
		"deleted": {func(p *people) { _ = p.Delete(timeout(p.t), p.room) }, 1000, "Room stopped", true, "RoomDeleted"},
		"panics":  {func(p *people) { p.crash(p.t, p.room) }, 1000, "Room stopped", true, "RoomCrashed"},
		"killed":  {func(p *people) { _ = p.sys.Kill(p.pid(p.t, p.room)) }, 1011, "Internal server error", false, "RoomCrashed"},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			p := startPeople(t, Config{RoomID: "r"})
			a, b := p.add(), p.add()
			s, session := p.join(a)
			say(session, "track t")
			p.expect([]string{a, b}, "PeerAdded{a}", "PeerAdded{b}", "PeerConnected{a}", "TrackAdded{{a } {t audio <nil>}}")
			way.end(p)
			p.closed(s, way.code, way.reason)
			until(t, "room gone", func() bool { return !p.Has("r") && p.media.open() == 0 && p.sys.Children(peerSupervisorName) == 0 })
			got := p.events(a, b)[4:]
			last := got[len(got)-1]
			if !strings.HasPrefix(last, way.lastName) {
				t.Error(got)
			}
			want := []string{"TrackRemoved{{a } {t audio <nil>}}", "PeerDeleted{a}", "PeerDeleted{b}"}
			if !way.cleanup {
				want = nil
			}
			if diff := cmp.Diff(want, got[:len(got)-1:len(got)-1]); len(want) != len(got)-1 || len(want) > 0 && diff != "" {
				t.Error(got)
			}
			session.Receive([]byte("echo"))
			session.Gone(nil)
			if _, err := p.Join(timeout(t), "r", a, &fakeSocket{}); !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
		})
	}
}

func TestPeerCrashes(t *testing.T) {
	ways := map[string]struct {
		end          func(*people, string, PeerSession)
		reason, told string
	}{
		"media panics":   {func(_ *people, _ string, s PeerSession) { say(s, "panic") }, "Internal server error", ""},
		"media gives up": {func(_ *people, _ string, s PeerSession) { say(s, "crash no more keys") }, "no more keys", "no more keys"},
		"killed": {func(p *people, id string, _ PeerSession) {
			v, _ := p.ask(timeout(p.t), p.room, findPeer{id})
			_ = p.sys.Kill(v.(*member).pid)
		}, "Internal server error", ""},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			p := startPeople(t, Config{})
			a, b := p.add(), p.add()
			sa, session := p.join(a)
			sb, other := p.join(b)
			say(session, "track t")
			until(t, "track", func() bool { return len(p.events()) == 5 })
			way.end(p, a, session)
			p.closed(sa, 1011, way.reason)
			p.expect([]string{a, b}, "PeerAdded{a}", "PeerAdded{b}", "PeerConnected{a}", "PeerConnected{b}",
				"TrackAdded{{a } {t audio <nil>}}", "TrackRemoved{{a } {t audio <nil>}}", "PeerCrashed{a "+way.told+"}")
			say(other, "echo still here")
			until(t, "the other one lives", func() bool { return len(sb.received()) == 1 })
			if r, _ := p.Get(timeout(t), p.room); len(r.Peers) != 1 || len(sb.closings()) != 0 {
				t.Errorf("peers %+v", r.Peers)
			}
			until(t, "media gone", func() bool { return p.media.room(p.room).count() == 1 && p.Usage().ForwardedTracks == 0 })
		})
	}
}

func TestMediaOfTheRoomCrashes(t *testing.T) {
	p := startPeople(t, Config{RoomID: "r"})
	a := p.add()
	s, session := p.join(a)
	say(session, "fall")
	p.closed(s, 1000, "Room stopped")
	if reason := p.crashed(t, "r"); !strings.Contains(reason.Error(), "engine broke") {
		t.Error(reason)
	}
}

func TestPeerErrors(t *testing.T) {
	p := startPeople(t, Config{RoomID: "r", MaxPeers: ptr(1)})
	a := p.add()
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	add := func(id ID) error { _, err := p.AddPeer(timeout(t), id, PeerConfig{Type: PeerWebRTC}); return err }
	join := func(id ID, peer string) error { _, err := p.Join(timeout(t), id, peer, &fakeSocket{}); return err }
	check("limit", add("r"), ErrPeerLimit)
	check("no room", add("x"), ErrNotFound)
	check("no room", p.DeletePeer(timeout(t), "x", a), ErrNotFound)
	check("no peer", p.DeletePeer(timeout(t), "r", "x"), ErrPeerNotFound)
	check("no room", join("x", a), ErrNotFound)
	check("no peer", join("r", "x"), ErrPeerNotFound)
	p.media.fail = errors.New("no port")
	check("media", join("r", a), p.media.fail)
	p.media.fail = nil
	p.Local.media = nil
	check("media", join("r", a), ErrNoMedia)
	p.Local.noPeers = true
	check("disabled", add("r"), ErrPeersDisabled)
	check("no room first", add("x"), ErrNotFound)
	if _, err := p.AddComponent(timeout(t), "r", ComponentConfig{Type: "hls"}); !errors.Is(err, ErrComponentsDisabled) {
		t.Error(err)
	}
	for _, f := range []func(ID) error{
		func(id ID) error { return p.DeleteComponent(timeout(t), id, "c") },
		func(id ID) error { return p.Subscribe(timeout(t), id, "c", nil) },
		func(id ID) error { return p.Dial(timeout(t), id, "c", "1") },
		func(id ID) error { return p.EndCall(timeout(t), id, "c") },
	} {
		check("component", f("r"), ErrComponentNotFound)
		check("component", f("x"), ErrNotFound)
	}
}

func TestPeerTimers(t *testing.T) {
	t.Parallel()
	p := startPeople(t, Config{PeerDisconnectedTimeout: ptr(1), PeerlessPurgeTimeout: ptr(2)})
	a, b := p.add(), p.add()
	_, session := p.join(b)
	p.expect([]string{a, b}, "PeerAdded{a}", "PeerAdded{b}", "PeerConnected{b}", "PeerDeleted{a}") // never connected
	session.Gone(nil)
	until(t, "purged", func() bool { return !p.Has(p.room) })
	p.expect([]string{a, b}, "PeerAdded{a}", "PeerAdded{b}", "PeerConnected{b}", "PeerDeleted{a}",
		"PeerDisconnected{b}", "PeerDeleted{b}", "RoomDeleted{"+string(p.room)+"}")
	if !strings.Contains(p.log(), "Removing peer because it was disconnected for 1 seconds") {
		t.Error(p.log())
	}
}

func TestOldPeerTimersAreIgnored(t *testing.T) {
	p := startPeople(t, Config{PeerDisconnectedTimeout: ptr(3600)})
	a := p.add()
	v, err := p.ask(timeout(t), p.room, findPeer{a})
	if err != nil {
		t.Fatal(err)
	}
	_, session := p.join(a)
	_ = p.sys.Send(p.pid(t, p.room), peerDue{v.(*member), 1})
	session.Gone(nil)
	until(t, "left", func() bool { r, _ := p.Get(timeout(t), p.room); return r.Peers[0].Status == Disconnected })
	_ = p.sys.Send(p.pid(t, p.room), peerDue{v.(*member), 1})
	if r, _ := p.Get(timeout(t), p.room); len(r.Peers) != 1 {
		t.Fatal("an old timer removed the peer")
	}
	_ = p.sys.Send(p.pid(t, p.room), peerDue{v.(*member), 2})
	until(t, "purged", func() bool { r, _ := p.Get(timeout(t), p.room); return len(r.Peers) == 0 })
}

// Peers come, meet, fail and go in many rooms at once; nothing is left over.
func TestPeerChurn(t *testing.T) {
	p := startPeople(t, Config{})
	var rooms []ID
	for range 8 {
		rooms = append(rooms, p.create(t, Config{}))
	}
	var wg sync.WaitGroup
	var joins atomic.Int64
	for i := range 16 {
		wg.Go(func() {
			id := rooms[i%8]
			for round := range 30 {
				peer, err := p.AddPeer(timeout(t), id, PeerConfig{})
				if err != nil {
					t.Error(err)
					return
				}
				session, err := p.Join(timeout(t), id, peer.ID, &fakeSocket{})
				if err != nil {
					t.Error(err)
					return
				}
				joins.Add(1)
				say(session, "track "+peer.ID, []string{"panic", "crash x", "name y"}[round%3])
				session.Gone(nil)
				_ = p.DeletePeer(timeout(t), id, peer.ID)
			}
		})
	}
	wg.Wait()
	until(t, "all gone", func() bool { return p.sys.Children(peerSupervisorName) == 0 && p.Usage().ForwardedTracks == 0 })
	for _, id := range rooms {
		r, err := p.Get(timeout(t), id)
		if err != nil || len(r.Peers) != 0 {
			t.Errorf("%v %+v", err, r.Peers)
		}
		counts := map[string]int{}
		for _, e := range p.seen(id) {
			counts[strings.TrimPrefix(fmt.Sprintf("%T", e), "room.")]++
		}
		if counts["PeerAdded"] != 60 || counts["PeerDeleted"]+counts["PeerCrashed"] != 60 || counts["TrackAdded"] != counts["TrackRemoved"] {
			t.Error(counts)
		}
	}
	if joins.Load() != 480 {
		t.Error(joins.Load())
	}
}

func TestPeerSupervisorDies(t *testing.T) {
	p := startPeople(t, Config{})
	a := p.add()
	s, _ := p.join(a)
	old, _ := p.sys.Whereis(peerSupervisorName)
	_ = p.sys.Kill(old)
	until(t, "closed", func() bool { return len(s.closings()) == 1 })
	p.expect([]string{a}, "PeerAdded{a}", "PeerConnected{a}", "PeerCrashed{a }")
	until(t, "it is back", func() bool { _, err := p.AddPeer(timeout(t), p.room, PeerConfig{}); return err == nil })
	if _, err := p.call(timeout(t), actor.PID{}, nil, ErrNotFound); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// Who gives up waiting for a join leaves no connected peer behind.
func TestJoinThatTakesTooLong(t *testing.T) {
	p := startPeople(t, Config{})
	a := p.add()
	busy, wake := make(chan struct{}), make(chan struct{})
	p.Local.events = func(e Event) {
		if _, ok := e.(PeerConnected); ok {
			close(busy)
			<-wake
		}
		p.record(e)
	}
	ctx, cancel := context.WithCancel(timeout(t))
	failed := make(chan error, 1)
	go func() {
		_, err := p.Join(ctx, p.room, a, &fakeSocket{})
		failed <- err
	}()
	<-busy
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(wake)
	p.expect([]string{a}, "PeerAdded{a}", "PeerConnected{a}", "PeerDisconnected{a}")
}

// What a client sends wrong fills no log.
func TestComplaintsAreFew(t *testing.T) {
	p := startPeople(t, Config{})
	s, session := p.join(p.add())
	for range 1000 {
		session.Receive(bytes.Repeat([]byte("x"), 10_000))
	}
	session.Receive([]byte("echo done"))
	until(t, "echo", func() bool { return len(s.received()) == 1 })
	n := 0
	for line := range strings.Lines(p.log()) {
		if strings.Contains(line, "Ignored media event") {
			n++
		}
		if len(line) > 1000 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if n != 100 || !strings.Contains(p.log(), "the last such line of this client") {
		t.Errorf("%d lines", n)
	}
}
