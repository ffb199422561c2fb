package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

func TestTwoNodesPlaceRooms(t *testing.T) {
	all := newLab(t).fjords(t, 2)
	for i, want := range []string{"f1@localhost:4000", "f2@localhost:4000", "f1@localhost:4000"} {
		c, err := all[1].Service().Create(t.Context(), room.Config{})
		if err != nil || c.Address != want {
			t.Errorf("room %d: %q %v", i+1, c.Address, err)
		}
	}
	if lines := all[1].log.containing("connected to :f1@localhost"); len(lines) != 1 || lines[0] != "INFO [libcluster:epmd_cluster] connected to :f1@localhost" {
		t.Errorf("dialling side logs %q", all[1].log.all())
	}
	if lines := all[0].log.containing("accepted connection from :f2@localhost"); len(lines) != 1 {
		t.Errorf("accepting side logs %q", all[0].log.all())
	}
	if p := all[1].Peers(); len(p) != 1 || p[0].State != Up || !p[0].Wanted {
		t.Errorf("peers %+v", p)
	}
	if !all[0].Up() || !all[0].Enabled() || !slices.Equal(all[0].Nodes(), []string{"f2@localhost"}) {
		t.Error("status is wrong")
	}
}

func TestFiveNodesThatListOnlyTheFirst(t *testing.T) {
	all := newLab(t).fjords(t, 5)
	seen := map[string]bool{}
	for range 10 {
		c, err := all[4].Service().Create(t.Context(), room.Config{})
		if err != nil {
			t.Fatal(err)
		}
		seen[c.Address] = true
	}
	if len(seen) != 5 {
		t.Errorf("ten rooms landed on %v", seen)
	}
	for _, x := range all {
		if w := x.log.containing("WARN"); len(w) != 0 {
			t.Errorf("%s: %q", x.name, w)
		}
	}
}

func TestRealIDStorm(t *testing.T) {
	all := newLab(t).fjords(t, 4)
	for round := range 3 {
		id := room.ID(fmt.Sprint("mine", round))
		var mu sync.Mutex
		var wg sync.WaitGroup
		made, exists := 0, 0
		for i := range 200 {
			wg.Go(func() {
				_, err := all[i%4].Service().Create(context.Background(), room.Config{RoomID: id})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case errors.Is(err, room.ErrExists):
					exists++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made != 1 || exists != 199 {
			t.Errorf("%d made, %d refused", made, exists)
		}
	}
}

func TestRealBurst(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 4)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if _, err := all[i%4].Service().Create(context.Background(), room.Config{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, x := range all {
		if n := x.rooms.Usage().Rooms; n < 45 || n > 55 {
			t.Errorf("%s has %d of 200 rooms", x.name, n)
		}
	}
}

// A member that stops answering never makes a creation take more than 1.5 s.
func TestFrozenMember(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	x := l.fjord(t, "f1@localhost", "")
	mute := l.node(t, "mute@localhost", "cookie")
	d := dialects()[dialectFishjam]
	freeze := make(chan struct{})
	mute.Handle(d.usage, funUsage, 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
		select {
		case <-freeze:
			<-ctx.Done() // no answer
			return nil, ctx.Err()
		default:
			return usageTerm("mute@localhost", room.Usage{}), nil
		}
	})
	if _, err := mute.Spawn(d.registered, node.Callbacks{Message: func(node.Message) {}}); err != nil {
		t.Fatal(err)
	}
	if _, err := mute.Connect(t.Context(), "f1@localhost"); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "mute is a member", func() bool {
		m := x.Members()
		return len(m) == 1 && m[0].Server
	})
	limited := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), slack*1500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		c, err := x.Service().Create(ctx, room.Config{})
		if err != nil || c.Address != "f1@localhost:4000" {
			t.Errorf("%s: %q %v", what, c.Address, err)
		}
		t.Logf("%s took %s", what, time.Since(begin))
	}
	limited("frozen between usage and creation")
	close(freeze)
	for range 3 {
		limited("left out")
	}
	x.router.members.up("mute@localhost") // as after a new link
	limited("frozen at usage")
	// Of a node that has not shown yet what it is, nobody is warned.
	if len(x.log.containing("member left out")) != 1 || len(x.log.containing("INFO node did not say")) != 1 {
		t.Errorf("log %q", x.log.all())
	}
}

// exit(Pid, kill) on the actor behind a name: the successor answers at once.
func TestRoomServiceIsKilled(t *testing.T) {
	l := newLab(t)
	x := l.fjord(t, "f1@localhost", "")
	peer := l.node(t, "peer@localhost", "cookie")
	for _, d := range dialects() {
		if d.registered == "" {
			continue
		}
		for range 5 {
			pid, ok := x.sys.Whereis(d.registered)
			if !ok {
				t.Fatalf("%s is not registered", d.registered)
			}
			if err := x.sys.Kill(pid); err != nil {
				t.Fatal(err)
			}
			within(t, time.Second, "successor answers", func() bool {
				answer, err := peer.GenCall(t.Context(), x.name, d.registered, createTerm(configTerm(d.product, room.Config{})))
				if err != nil {
					return false // noproc, or the DOWN of the old one
				}
				_, err = parseCreated(answer)
				return err == nil
			})
		}
	}
	if answer, err := peer.GenCall(t.Context(), x.name, dialects()[0].registered, etf.Atom("what")); err != nil || !etf.Equal(answer, term(t, "{error, unknown_call}")) {
		t.Errorf("unknown call: %v %v", answer, err)
	}
}

func TestNodesOfAPeerAreServed(t *testing.T) {
	l := newLab(t)
	all := l.fjords(t, 2)
	peer := l.node(t, "peer@localhost", "cookie")
	answer, err := peer.Call(t.Context(), all[0].name, "erlang", "nodes")
	nodes, bad := parseNodes(answer)
	if err != nil || bad != nil || !slices.Contains(nodes, "f2@localhost") {
		t.Errorf("%v %v", answer, err)
	}
	for _, d := range dialects() {
		answer, err := peer.Call(t.Context(), all[0].name, d.usage, funUsage)
		if err != nil {
			t.Errorf("%s: %v", d.name, err)
		} else if _, err := parseUsage(answer); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	d := dialects()[dialectMain]
	answer, err = peer.Call(t.Context(), all[0].name, d.rooms, funCreate, configTerm(d.product, room.Config{RoomID: "mine"}))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := parseCreated(answer); err != nil || c.Address != "f1@localhost:4000" || !all[0].rooms.Has("mine") {
		t.Errorf("%+v %v", c, err)
	}
	if answer, err := peer.Call(t.Context(), all[0].name, d.rooms, funDelete, []byte("mine")); err != nil || !isAtom(answer, "ok") {
		t.Errorf("%v %v", answer, err)
	}
}

func TestReasonsAreTyped(t *testing.T) {
	l := newLab(t)
	l.node(t, "other@localhost", "another cookie")
	x := l.fjord(t, "f1@localhost", "other@localhost none@localhost f9@no-such-host.invalid a@b.c")
	want := map[string]string{
		"other@localhost": "cookie_mismatch", "none@localhost": "not_registered", "f9@no-such-host.invalid": "name_kind", "a@b.c": "name_kind",
	}
	within(t, 5*time.Second, "reasons", func() bool {
		n := 0
		for _, p := range x.Peers() {
			if p.Reason.Kind == want[p.Node] {
				n++
			}
		}
		return n == len(want)
	})
	for name, kind := range want {
		if lines := x.log.containing("unable to connect to " + etf.InspectAtom(etf.Atom(name)) + ": " + kind); len(lines) == 0 {
			t.Errorf("%s: %q", name, x.log.all())
		}
	}
}

func TestKilledNodeComesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	x := l.fjord(t, "f1@localhost", "f2@localhost")
	n := l.node(t, "f2@localhost", "cookie")
	within(t, 5*time.Second, "linked", func() bool { return x.NodesInCluster() == 2 })
	stopNode(t, n)
	within(t, time.Second, "gone", func() bool { return x.NodesInCluster() == 1 })
	l.node(t, "f2@localhost", "cookie")
	within(t, 10*time.Second, "back", func() bool { return x.NodesInCluster() == 2 })
}

// crashing fails each time it runs.
type crashing struct{ runs chan struct{} }

func (crashing) Name() string { return "CRASHING" }

func (c crashing) Run(context.Context, func(Targets)) error {
	select {
	case c.runs <- struct{}{}:
	default:
	}
	panic("always")
}

func TestStandalone(t *testing.T) {
	sys := newSystem(t)
	local := room.NewLocal(room.LocalOptions{Address: "here", System: sys})
	spec := local.SupervisorSpec()
	c, err := Start(t.Context(), Options{System: sys, Local: local, Rooms: &spec})
	if err != nil {
		t.Fatal(err)
	}
	if made, err := c.Service().Create(t.Context(), room.Config{}); err != nil || made.Address != "here" {
		t.Errorf("%+v %v", made, err)
	}
	if c.Enabled() || c.Up() || c.NodesInCluster() != 0 || c.Nodes() != nil || c.Members() != nil || c.Peers() != nil {
		t.Error("a standalone node claims to be in a cluster")
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// When the tree has given up, the program hears of it, once.
func TestEndOfTheTreeIsTold(t *testing.T) {
	sys := newSystem(t)
	local := room.NewLocal(room.LocalOptions{System: sys})
	spec := local.SupervisorSpec()
	c, err := Start(t.Context(), Options{System: sys, Local: local, Rooms: &spec})
	if err != nil {
		t.Fatal(err)
	}
	root, ok := sys.Whereis(rootName)
	if !ok {
		t.Fatal("no root")
	}
	if err := sys.Kill(root); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-c.Failed():
		if !errors.Is(err, actor.ErrKilled) {
			t.Errorf("told %v", err)
		}
	case <-time.After(slack * 5 * time.Second):
		t.Fatal("nobody is told")
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCrashingStrategyIsRestarted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	sys := newSystem(t)
	n := l.node(t, "f1@localhost", "cookie")
	local := room.NewLocal(room.LocalOptions{System: sys})
	spec := local.SupervisorSpec()
	runs := make(chan struct{}, 100)
	c, err := Start(t.Context(), Options{Node: n, System: sys, Local: local, Rooms: &spec, Strategies: []Strategy{crashing{runs}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case <-runs:
		case <-time.After(slack * 2 * strategyRest):
			t.Fatal("the strategy is not run again")
		}
	}
	if _, ok := sys.Whereis("room.supervisor"); !ok {
		t.Error("the rooms were taken along")
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
