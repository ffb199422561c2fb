package cluster

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// slack is how many times its limit a condition may take on a busy machine.
const slack = 3

// within polls cond until it holds.
func within(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	begin := time.Now()
	for !cond() {
		if time.Since(begin) > slack*limit {
			t.Fatalf("%s: not within %s", what, slack*limit)
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Logf("%s after %s", what, time.Since(begin).Round(time.Millisecond))
}

func newSystem(t testing.TB) *actor.System {
	t.Helper()
	s, err := actor.Start(t.Context(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), slack*5*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// echo is an exposed actor: it answers calls with how often it was started,
// and crashes or ends when told to.
type echo struct {
	gateway *Gateway
	starts  *atomic.Int64
	number  int64
}

func (a *echo) Init(self *actor.Self) error {
	a.number = a.starts.Add(1)
	a.gateway.Expose("echo", self.PID())
	return nil
}

func (a *echo) Handle(_ *actor.Self, msg any) error {
	e, ok := msg.(Envelope)
	if !ok || e.Gen == nil {
		return nil
	}
	switch e.Gen.Request {
	case etf.Atom("panic"):
		panic("told to")
	case etf.Atom("fail"):
		return errors.New("it failed")
	case etf.Atom("exit"):
		return &ExitError{Reason: etf.Tuple{etf.Atom("my"), etf.Atom("reason")}}
	}
	return e.Reply(context.Background(), a.number)
}

func (a *echo) Terminate(*actor.Self, error) {}

// echoes starts a gateway and an echo under a supervisor.
func echoes(t *testing.T) (*Gateway, *fakeNode, *actor.System) {
	t.Helper()
	net := newFakeNet()
	n, sys := net.add("f1@h"), newSystem(t)
	net.add("peer@h")
	net.link("peer@h", "f1@h")
	g := newGateway(n, sys, slog.New(slog.DiscardHandler))
	var starts atomic.Int64
	_, err := sys.Supervise(actor.Spec{Name: "sup", Intensity: 100, Children: []actor.Child{
		{Name: gatewayName, Start: func(any) actor.Behaviour { return &gatewayActor{gateway: g} }},
		{Name: "echo", Start: func(any) actor.Behaviour { return &echo{gateway: g, starts: &starts} }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "exposed", func() bool { return g.exposed("echo") })
	return g, n, sys
}

// call calls the actor from another node. Between the end of one process and
// the start of the next the name is free for some microseconds, which a real
// link does not let a caller see; here the caller may be faster.
func call(t *testing.T, n *fakeNode, what etf.Term) (etf.Term, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slack*time.Second)
	defer cancel()
	for {
		a, err := n.net.find("peer@h").GenCall(ctx, "f1@h", "echo", what)
		var remote *node.RemoteError // its reason may be noproc, too
		if !errors.Is(err, node.ErrNoProc) || errors.As(err, &remote) || ctx.Err() != nil {
			return a, err
		}
	}
}

func TestExposedActorAnswers(t *testing.T) {
	_, n, _ := echoes(t)
	for range 3 {
		if a, err := call(t, n, etf.Atom("hello")); err != nil || a != etf.Term(int64(1)) {
			t.Errorf("%v %v", a, err)
		}
	}
}

// Whatever ends the actor, the caller sees its reason and the very next call is
// answered by the successor.
func TestDeathReachesTheCaller(t *testing.T) {
	tests := []struct {
		request etf.Term
		want    string
	}{
		{etf.Atom("panic"), `{panic,<<"told to">>}`},
		{etf.Atom("fail"), `{error,<<"it failed">>}`},
		{etf.Atom("exit"), `{my,reason}`},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			_, n, _ := echoes(t)
			for round := int64(1); round < 4; round++ {
				_, err := call(t, n, tt.request)
				var remote *node.RemoteError
				if !errors.As(err, &remote) || !etf.Equal(remote.Reason, term(t, tt.want)) {
					t.Fatalf("round %d: %v", round, err)
				}
				if a, err := call(t, n, etf.Atom("hello")); err != nil || a != etf.Term(round+1) {
					t.Errorf("round %d: %v %v", round, a, err)
				}
			}
		})
	}
}

func TestExitSignals(t *testing.T) {
	for _, tt := range []struct{ signal, want string }{{"kill", "killed"}, {"{bad, thing}", "{bad, thing}"}} {
		t.Run(tt.signal, func(t *testing.T) {
			_, n, _ := echoes(t)
			n.mu.Lock()
			p := n.procs["echo"]
			n.mu.Unlock()
			p.cb.Exit(etf.Pid{}, etf.Atom("normal")) // ends nobody
			if a, err := call(t, n, etf.Atom("hello")); err != nil || a != etf.Term(int64(1)) {
				t.Errorf("after normal: %v %v", a, err)
			}
			p.cb.Exit(etf.Pid{}, term(t, tt.signal))
			<-p.ended
			if !etf.Equal(p.reason, term(t, tt.want)) {
				t.Errorf("ended with %v", p.reason)
			}
			if a, err := call(t, n, etf.Atom("hello")); err != nil || a != etf.Term(int64(2)) {
				t.Errorf("%v %v", a, err)
			}
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.procs["echo"].pid == p.pid {
				t.Error("the successor has the same pid")
			}
		})
	}
}

// The gateway's own actor may be killed at any time.
func TestGatewayActorIsKilled(t *testing.T) {
	g, n, sys := echoes(t)
	for round := int64(1); round < 5; round++ {
		if pid, ok := sys.Whereis(gatewayName); ok {
			_ = sys.Kill(pid)
		}
		if pid, ok := sys.Whereis("echo"); ok {
			_ = sys.Kill(pid)
		}
		within(t, time.Second, "successor", func() bool {
			a, err := call(t, n, etf.Atom("hello"))
			return err == nil && a == etf.Term(round+1)
		})
	}
	if !g.exposed("echo") {
		t.Error("not exposed")
	}
}

// An actor that ends for good takes its name along after the hand-over.
func TestNameIsFreedWithoutSuccessor(t *testing.T) {
	net := newFakeNet()
	n, sys := net.add("f1@h"), newSystem(t)
	g := newGateway(n, sys, slog.New(slog.DiscardHandler))
	if _, err := sys.Spawn(gatewayName, func() actor.Behaviour { return &gatewayActor{gateway: g} }); err != nil {
		t.Fatal(err)
	}
	var starts atomic.Int64
	pid, err := sys.Spawn("echo", func() actor.Behaviour { return &echo{gateway: g, starts: &starts} })
	if err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "exposed", func() bool { return g.exposed("echo") })
	n.mu.Lock()
	p := n.procs["echo"]
	n.mu.Unlock()
	_ = sys.Exit(pid, actor.ErrShutdown)
	select {
	case <-p.ended:
	case <-time.After(slack * time.Second):
		t.Fatal("the process stays")
	}
	if p.reason != etf.Term(etf.Atom("shutdown")) {
		t.Errorf("ended with %v", p.reason)
	}
	if len(g.wanted) != 0 || len(g.live) != 0 {
		t.Errorf("kept: %v %v", g.wanted, g.live)
	}
}
