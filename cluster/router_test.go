package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// The manual's demo: two creations through f2 land on f1 and then on f2.
func TestDemo(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	for i, want := range []string{"f1@h:4000", "f2@h:4000", "f1@h:4000", "f2@h:4000"} {
		c, err := ms[1].router.Create(t.Context(), room.Config{})
		if err != nil || c.Address != want {
			t.Fatalf("room %d: %v at %q, want %q", i+1, err, c.Address, want)
		}
	}
}

func TestCreateAloneAsksNobody(t *testing.T) {
	m := newFakeNet().mesh(t, "f1@h")[0]
	if c, err := m.router.Create(t.Context(), room.Config{RoomID: "x"}); err != nil || c.Room.ID != "x" {
		t.Fatal(c, err)
	}
	if _, err := m.router.Create(t.Context(), room.Config{RoomID: "x"}); !errors.Is(err, room.ErrExists) {
		t.Error("second copy:", err)
	}
	if len(m.calls) != 0 {
		t.Error("calls were made:", m.calls)
	}
}

func TestConfigReachesTheOwner(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	peers, codec, hook, purge := 4, "vp8", "http://hook", 60
	c, err := ms[1].router.Create(t.Context(), room.Config{
		MaxPeers: &peers, VideoCodec: &codec, WebhookURL: &hook, PeerlessPurgeTimeout: &purge,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Room.Config
	if *got.MaxPeers != 4 || *got.VideoCodec != "vp8" || *got.WebhookURL != hook || *got.PeerlessPurgeTimeout != 60 || got.PeerDisconnectedTimeout != nil {
		t.Errorf("config came back as %+v", got)
	}
	if !ms[0].local.Has(c.Room.ID) {
		t.Error("the room is not on f1")
	}
}

// elapsed runs fn in a bubble of fake time, in which all the waiting of this
// package costs nothing.
func elapsed(fn func()) time.Duration {
	start := time.Now()
	fn()
	return time.Since(start)
}

func TestFrozenMemberIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h")
		ms[0].freeze()
		r := ms[1].router
		took := elapsed(func() {
			if _, err := r.Create(t.Context(), room.Config{}); err != nil {
				t.Error(err)
			}
		})
		if took != usageLimit {
			t.Errorf("first creation took %s, want the usage deadline", took)
		}
		took = elapsed(func() {
			for range 5 {
				if _, err := r.Create(t.Context(), room.Config{}); err != nil {
					t.Error(err)
				}
			}
		})
		if took != 0 {
			t.Errorf("while left out it cost %s", took)
		}
		ms[0].unfreeze()
		time.Sleep(leftOutFor)
		if c, err := r.Create(t.Context(), room.Config{}); err != nil || c.Address != "f1@h:4000" {
			t.Errorf("after %s the member is not asked again: %q %v", leftOutFor, c.Address, err)
		}
		if warnings := ms[1].log.containing("left out"); len(warnings) != 1 {
			t.Errorf("warnings: %q", warnings)
		}
	})
}

// FJ_RPC_TIMEOUT is what it says, also where it is longer than usual: then a
// creation may take three times as long.
func TestUsageLimitCounts(t *testing.T) {
	for _, usage := range []time.Duration{10 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h")
			r := ms[1].router
			r.limits = deadlinesFor(usage)
			ms[0].freeze()
			took := elapsed(func() {
				if _, err := r.Create(t.Context(), room.Config{}); err != nil {
					t.Error(err)
				}
			})
			if took != usage {
				t.Errorf("with a limit of %s the creation took %s", usage, took)
			}
			ms[2].freezeBefore("gen " + dialects()[0].registered)
			took = elapsed(func() {
				for range 2 { // the second at f3, if the first was not
					if _, err := r.Create(t.Context(), room.Config{}); err != nil {
						t.Error(err)
					}
				}
			})
			if most := max(totalLimit, 3*usage); took > most || took < createLimit {
				t.Errorf("with a limit of %s a member that does not create cost %s", usage, took)
			}
			ms[0].unfreeze()
			ms[2].hook(nil)
			ms[2].unfreeze()
			time.Sleep(time.Second)
		})
	}
}

func (b *logBook) containing(s string) []string {
	var found []string
	for _, line := range b.all() {
		if strings.Contains(line, s) {
			found = append(found, line)
		}
	}
	return found
}

// freezeBefore freezes a node when it is about to do something.
func (n *fakeNode) freezeBefore(what string) {
	n.hook(func(w string) {
		if w == what {
			n.mu.Lock()
			if n.thaw == nil {
				n.thaw = make(chan struct{})
			}
			thaw := n.thaw
			n.mu.Unlock()
			<-thaw
		}
	})
}

func TestFrozenBetweenUsageAndCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h")
		ms[2].freezeBefore("gen " + dialects()[0].registered) // f3 wins the tie of f2
		ms[0].freezeBefore("gen " + dialects()[0].registered)
		var c room.Created
		took := elapsed(func() {
			var err error
			if c, err = ms[1].router.Create(t.Context(), room.Config{}); err != nil {
				t.Error(err)
			}
		})
		if took > totalLimit || c.Address != "f2@h:4000" {
			t.Errorf("took %s and landed on %q", took, c.Address)
		}
		// The rooms made late are deleted on their owners.
		ms[2].hook(nil)
		ms[0].hook(nil)
		ms[2].unfreeze()
		ms[0].unfreeze()
		time.Sleep(time.Second)
		if ms[0].local.total() != 1 || ms[2].local.total() != 1 {
			t.Errorf("late rooms made: %d and %d", ms[0].local.total(), ms[2].local.total())
		}
		if n := ms[0].local.count() + ms[2].local.count(); n != 0 {
			t.Errorf("%d late rooms were left", n)
		}
		if ms[1].local.count() != 1 {
			t.Error("f2 lost its room")
		}
	})
}

func TestFrozenWithCustomIDIsUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := newFakeNet().mesh(t, "f1@h", "f2@h")
		ms[0].freezeBefore("gen " + dialects()[0].registered)
		took := elapsed(func() {
			if _, err := ms[1].router.Create(t.Context(), room.Config{RoomID: "mine"}); !errors.Is(err, room.ErrUnreachable) {
				t.Error(err)
			}
		})
		if took > totalLimit {
			t.Errorf("took %s", took)
		}
		ms[0].hook(nil)
		ms[0].unfreeze()
		time.Sleep(leftOutFor)
		if ms[0].local.count() != 0 {
			t.Error("the late room was left")
		}
		if _, err := ms[1].router.Create(t.Context(), room.Config{RoomID: "mine"}); err != nil {
			t.Error("second try:", err)
		}
	})
}

// A member whose link breaks while a creation is late gets its room deleted
// when it is back.
func TestDebtIsPaidAtTheNextLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newFakeNet()
		ms := net.mesh(t, "f1@h", "f2@h")
		ms[0].freezeBefore("gen " + dialects()[0].registered)
		if c, err := ms[1].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f2@h:4000" {
			t.Fatal(c, err)
		}
		time.Sleep(lateLimit) // given up for good
		synctest.Wait()
		net.unlink("f1@h", "f2@h", errors.New("cut"))
		ms[0].hook(nil)
		ms[0].unfreeze()
		synctest.Wait()
		if ms[0].local.count() != 1 {
			t.Fatal("the late room was not made: the test is wrong")
		}
		net.link("f1@h", "f2@h")
		ms[1].probeAll(t)
		synctest.Wait()
		if ms[0].local.count() != 0 {
			t.Error("the late room was left")
		}
	})
}

func TestForeignNodeIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newFakeNet()
		ms := net.mesh(t, "f1@h")
		shell := net.add("shell@h")
		net.link("shell@h", "f1@h")
		usage := dialects()[0].usage + ":" + funUsage
		for range 10 {
			if _, err := ms[0].router.Create(t.Context(), room.Config{}); err != nil {
				t.Fatal(err)
			}
		}
		if n := shell.count(usage); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if lines := ms[0].log.containing("shell@h"); len(lines) != 1 || !strings.HasPrefix(lines[0], "INFO") {
			t.Errorf("log %q", lines)
		}
		time.Sleep(notServerIn)
		for range 3 {
			_, _ = ms[0].router.Create(t.Context(), room.Config{})
		}
		if n := shell.count(usage); n != 2 {
			t.Errorf("asked %d times after a minute", n)
		}
		if lines := ms[0].log.containing("shell@h"); len(lines) != 1 {
			t.Errorf("log %q", lines)
		}
	})
}

// A node that is linked before its services have started is asked once more soon,
// and then left alone for a minute.
func TestNodeThatStartsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := newFakeNet()
		m := net.mesh(t, "f1@h")[0]
		late, shell := net.addMember(t, "late@h"), net.add("shell@h")
		funs := map[string]handler{}
		swap := func() {
			late.mu.Lock()
			defer late.mu.Unlock()
			late.funs, funs = funs, late.funs
		}
		swap()
		net.link("f1@h", "late@h")
		net.link("f1@h", "shell@h")
		for _, name := range []string{"late@h", "shell@h"} {
			m.router.group.Go("probe", func(ctx context.Context) error {
				m.router.find(ctx, name)
				return nil
			})
		}
		synctest.Wait()
		swap()
		time.Sleep(probeSoon)
		synctest.Wait()
		st := m.router.members.status(time.Now())
		if !st[0].Fjord && !st[0].Server || !st[1].NoServer {
			t.Errorf("status %+v", st)
		}
		usage := dialects()[0].usage + ":" + funUsage
		time.Sleep(probeAgain)
		synctest.Wait()
		for range 10 {
			m.router.find(t.Context(), "shell@h") // as visits do
			time.Sleep(notServerIn / 20)
		}
		if n := shell.count(usage); n != 13 {
			t.Errorf("asked %d times, want 3 and one for each visit", n)
		}
		if lines := m.log.containing("shell@h"); len(lines) != 1 || !strings.HasPrefix(lines[0], "INFO") {
			t.Errorf("log %q", lines)
		}
	})
}

// A Fjord node that has not begun to answer its own call when it is asked, but
// answers the original's next, is not taken for a node of the original.
func TestProbeOfAFjordThatIsStarting(t *testing.T) {
	net := newFakeNet()
	m := net.mesh(t, "f1@h")[0]
	late := net.addMember(t, "late@h")
	key := moduleFjord + ":" + funInfo + "/0"
	info, asked := late.funs[key], 0
	late.funs[key] = func(ctx context.Context, c node.Caller, args []etf.Term) (etf.Term, error) {
		if asked++; asked == 1 {
			return nil, node.ErrUndef
		}
		return info(ctx, c, args)
	}
	net.link("f1@h", "late@h")
	m.probeAll(t)
	if st := m.router.members.status(time.Now()); !st[0].Fjord || asked != 2 {
		t.Errorf("status %+v after %d questions", st[0], asked)
	}
}

// A member of another generation is found by the probe and gets rooms in its words.
func TestOtherDialects(t *testing.T) {
	for _, i := range []int{dialectMain, dialectJellyfish} {
		d := dialects()[i]
		t.Run(d.name, func(t *testing.T) {
			net := newFakeNet()
			m := net.mesh(t, "f1@h")[0]
			old := net.addMember(t, "old@h")
			for key := range old.funs {
				if !strings.HasPrefix(key, d.rooms+":") {
					delete(old.funs, key)
				}
			}
			for key := range old.gen {
				if key != d.registered {
					delete(old.gen, key)
				}
			}
			net.link("f1@h", "old@h")
			m.probeAll(t)
			c, err := m.router.Create(t.Context(), room.Config{})
			if err != nil || c.Address != "old@h:4000" {
				t.Errorf("created at %q: %v", c.Address, err)
			}
			if st := m.router.members.status(time.Now()); st[0].Dialect != d.name || st[0].Fjord || !st[0].Server {
				t.Errorf("status %+v", st[0])
			}
		})
	}
}

func TestMemberWithoutRoomServiceIsPassedOver(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h", "f3@h")
	clear(ms[2].gen)
	for _, id := range []room.ID{"", "mine"} {
		if c, err := ms[1].router.Create(t.Context(), room.Config{RoomID: id}); err != nil || c.Address == "f3@h:4000" {
			t.Errorf("id %q: %q %v", id, c.Address, err)
		}
	}
}

func TestBadAnswersAreLeftOut(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	ms[0].gen[dialects()[0].registered] = func(context.Context, string, etf.Term) (etf.Term, error) {
		return etf.Tuple{etf.Atom("ok"), etf.Atom("nonsense")}, nil
	}
	if c, err := ms[1].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f2@h:4000" {
		t.Errorf("%q %v", c.Address, err)
	}
}

func TestDrainingNodePlacesElsewhere(t *testing.T) {
	ms := newFakeNet().mesh(t, "f1@h", "f2@h")
	ms[1].local.fail = fmt.Errorf("create: %w", room.ErrDraining)
	ms[0].local.tracks = 5 // so that f2 is the better one
	if c, err := ms[1].router.Create(t.Context(), room.Config{}); err != nil || c.Address != "f1@h:4000" {
		t.Errorf("%q %v", c.Address, err)
	}
	ms[0].local.fail = room.ErrDraining
	if _, err := ms[1].router.Create(t.Context(), room.Config{}); err == nil {
		t.Error("a room came out of two draining nodes")
	}
}
