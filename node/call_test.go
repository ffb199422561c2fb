package node

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// handleSamples lists functions that end in every way.
func handleSamples(n *Node) {
	n.Handle("m", "echo", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) { return args[0], nil })
	n.Handle("m", "who", 0, func(_ context.Context, c Caller, _ []etf.Term) (etf.Term, error) {
		return tuple(atom(c.Node), c.Pid), nil
	})
	n.Handle("m", "end", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
		switch args[0] {
		case etf.Term(atom("error")):
			return nil, Error(atom("bad"))
		case etf.Term(atom("exit")):
			return nil, Exit(atom("bye"))
		case etf.Term(atom("throw")):
			return nil, fmt.Errorf("wrapped: %w", Throw(atom("ball")))
		case etf.Term(atom("go")):
			return nil, errors.New("plain")
		case etf.Term(atom("chan")):
			return make(chan int), nil
		}
		panic("boom")
	})
	n.Handle("m", "block", 0, func(ctx context.Context, _ Caller, _ []etf.Term) (etf.Term, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

func TestCallReturnsTerms(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		handleSamples(p.far)
		for _, term := range []etf.Term{
			atom("a"), int64(-7), new(big.Int).Lsh(big.NewInt(1), 100), 1.5, []byte("bin"),
			tuple(), etf.List{int64(1), atom("x")}, etf.Map{{Key: []byte("k"), Value: p.near.MakeRef()}},
		} {
			got, err := p.near.Call(t.Context(), p.far.Name(), "m", "echo", term)
			if err != nil || etf.String(got) != etf.String(term) {
				t.Errorf("echo of %s: %s, %v", etf.String(term), etf.String(got), err)
			}
		}
		got, err := p.near.Call(t.Context(), p.far.Name(), "m", "who")
		if want := tuple(atom(p.near.Name()), p.near.client.pid); err != nil || etf.String(got) != etf.String(want) {
			t.Errorf("caller %s, %v", etf.String(got), err)
		}
	})
}

func TestCallFailures(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		handleSamples(p.far)
		for arg, want := range map[string]string{
			"error": "error bad", "exit": "exit bye", "throw": "throw ball",
			"go": `error {go_error,<<"plain">>}`, "panic": `error {go_panic,<<"boom">>}`,
			"chan": "error unencodable",
		} {
			if arg == "chan" && p.near == p.far {
				continue // nothing is encoded
			}
			_, err := p.near.Call(t.Context(), p.far.Name(), "m", "end", atom(arg))
			var remote *RemoteError
			if !errors.As(err, &remote) || remote.Class+" "+etf.String(remote.Reason) != want {
				t.Errorf("%s: %v, want %s", arg, err, want)
			}
			if arg == "error" && etf.String(remote.Stack) != "[{m,'end',1,[]}]" {
				t.Errorf("stack %s", etf.String(remote.Stack))
			}
		}
		for _, f := range []string{"nothing", "echo", "block"} {
			_, err := p.near.Call(t.Context(), p.far.Name(), "m", f, int64(1), int64(2))
			var remote *RemoteError
			if !errors.Is(err, ErrUndef) || !errors.As(err, &remote) {
				t.Errorf("m:%s/2: %v", f, err)
				continue
			}
			if want := fmt.Sprintf("[{m,%s,[1,2],[]}]", f); etf.String(remote.Stack) != want {
				t.Errorf("stack %s, want %s", etf.String(remote.Stack), want)
			}
		}
		p.far.Handle("m", "echo", 1, nil)
		if _, err := p.near.Call(t.Context(), p.far.Name(), "m", "echo", int64(1)); !errors.Is(err, ErrUndef) {
			t.Errorf("removed function: %v", err)
		}
	})
}

// TestQuickFunctions runs them on the reader: without a goroutine, in the order
// of the calls, and with the same outcomes.
func TestQuickFunctions(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		p.far.HandleQuick("q", "twice", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
			if n, ok := args[0].(int64); ok {
				return 2 * n, nil
			}
			if args[0] == etf.Term(atom("panic")) {
				panic("boom")
			}
			return nil, Error(atom("badarith"))
		})
		for range 3 {
			if got, err := p.near.Call(t.Context(), p.far.Name(), "q", "twice", int64(4)); err != nil || got != etf.Term(int64(8)) {
				t.Errorf("4 twice: %v, %v", got, err)
			}
			for arg, want := range map[string]string{"x": "error badarith", "panic": `error {go_panic,<<"boom">>}`} {
				_, err := p.near.Call(t.Context(), p.far.Name(), "q", "twice", atom(arg))
				var remote *RemoteError
				if !errors.As(err, &remote) || remote.Class+" "+etf.String(remote.Reason) != want {
					t.Errorf("%s: %v, want %s", arg, err, want)
				}
			}
		}
		p.far.HandleQuick("q", "big", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) {
			return make([]byte, 3<<20), nil
		})
		if got, err := p.near.Call(t.Context(), p.far.Name(), "q", "big"); err != nil || len(got.([]byte)) != 3<<20 {
			t.Errorf("3 MB: %v", err)
		}
		p.far.HandleQuick("q", "big", 0, nil)
		if _, err := p.near.Call(t.Context(), p.far.Name(), "q", "big"); !errors.Is(err, ErrUndef) {
			t.Errorf("removed function: %v", err)
		}
	})
}

func TestBuiltinFunctions(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	hidden := l.start(t, "h@localhost", func(o *Options) { o.Hidden = true })
	mustConnect(t, b, a.Name())
	mustConnect(t, hidden, b.Name())
	within(t, time.Second, "hidden is seen", func() bool { return len(b.HiddenNodes()) == 1 })
	for call, want := range map[string]string{
		"node": "b@localhost", "is_alive": "true", "nodes": "[a@localhost]",
		"nodes visible": "[a@localhost]", "nodes hidden": "[h@localhost]",
		"nodes connected": "[a@localhost,h@localhost]", "nodes this": "[b@localhost]",
	} {
		var f, arg string
		args := []etf.Term{}
		if c, _ := fmt.Sscan(call, &f, &arg); c == 2 {
			args = append(args, atom(arg))
		}
		got, err := a.Call(t.Context(), "b@localhost", "erlang", f, args...)
		if err != nil || etf.String(got) != want {
			t.Errorf("%s: %s %v", call, etf.String(got), err)
		}
	}
	var remote *RemoteError
	if _, err := a.Call(t.Context(), "b@localhost", "erlang", "nodes", atom("odd")); !errors.As(err, &remote) || remote.Reason != etf.Term(atomBadarg) {
		t.Errorf("nodes(odd): %v", err)
	}
}

// services is how many processes a node has of its own: the client, net_kernel, rex
// and logger_proxy.
const services = 4

func TestCallIsCancelled(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	var running atomic.Int32
	far.Handle("m", "block", 0, func(ctx context.Context, _ Caller, _ []etf.Term) (etf.Term, error) {
		running.Add(1)
		defer running.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := near.Call(ctx, far.Name(), "m", "block")
		failed <- err
	}()
	within(t, time.Second, "call runs", func() bool { return running.Load() == 1 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	within(t, time.Second, "work is given up", func() bool { return running.Load() == 0 })

	go func() {
		_, err := near.Call(t.Context(), far.Name(), "m", "block")
		failed <- err
	}()
	within(t, time.Second, "call runs", func() bool { return running.Load() == 1 })
	near.reg.up(far.Name()).close(ErrReplaced)
	if err := <-failed; !errors.Is(err, ErrNoConnection) {
		t.Errorf("link lost: %v", err)
	}
	within(t, time.Second, "work is given up", func() bool { return running.Load() == 0 })
	within(t, time.Second, "processes gone", func() bool {
		far.procs.mu.RLock()
		defer far.procs.mu.RUnlock()
		return len(far.procs.byPid) == services
	})
	within(t, time.Second, "places of calls free", func() bool { return runningCalls(far) == 0 })
	near.relations.Lock()
	defer near.relations.Unlock()
	if len(near.client.monitors) != 0 || waiting(near) != 0 {
		t.Error("something of the calls is left")
	}
}

func runningCalls(n *Node) int {
	n.calls.mu.Lock()
	defer n.calls.mu.Unlock()
	return n.calls.running
}

// waiting counts the calls that wait for an answer.
func waiting(n *Node) int {
	n.waiters.mu.Lock()
	defer n.waiters.mu.Unlock()
	return len(n.waiters.calls)
}

func TestCallLimit(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost", func(o *Options) { o.MaxCalls = 8 })
	handleSamples(far)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 4 {
		go func() { _, _ = near.Call(ctx, far.Name(), "m", "block") }()
	}
	within(t, time.Second, "half of the limit runs", func() bool { return runningCalls(far) == 4 })
	_, err := near.Call(t.Context(), far.Name(), "m", "echo", int64(1))
	var remote *RemoteError
	if !errors.As(err, &remote) || etf.String(remote.Reason) != "{erpc,system_limit}" {
		t.Errorf("error %v", err)
	}
	if _, err := far.Call(t.Context(), far.Name(), "m", "echo", int64(1)); err != nil {
		t.Errorf("another caller: %v", err)
	}
}

func TestMulticall(t *testing.T) {
	l := newLab(t)
	a, b, c := l.start(t, "a@localhost"), l.start(t, "b@localhost"), l.start(t, "c@localhost")
	handleSamples(a)
	handleSamples(b)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got := a.Multicall(ctx, []string{a.Name(), "none@localhost", b.Name(), c.Name()}, "m", "echo", int64(5))
	if len(got) != 4 || got[0].Value != etf.Term(int64(5)) || got[2].Value != etf.Term(int64(5)) ||
		!errors.Is(got[1].Err, ErrNotRegistered) || !errors.Is(got[3].Err, ErrUndef) || got[1].Node != "none@localhost" {
		t.Errorf("results %+v", got)
	}
	cast := make(chan Caller, 1)
	b.Handle("m", "cast", 0, func(_ context.Context, c Caller, _ []etf.Term) (etf.Term, error) { cast <- c; return nil, nil })
	if err := a.Cast(ctx, b.Name(), "m", "cast"); err != nil {
		t.Fatal(err)
	}
	if c := <-cast; c.Node != a.Name() {
		t.Errorf("cast by %+v", c)
	}
}

// TestSpawnRequests checks the answers to what BEAM nodes may ask.
func TestSpawnRequests(t *testing.T) {
	l := newLab(t)
	far := l.start(t, "far@localhost")
	handleSamples(far)
	s := rawPeer(t, far)
	blob := etf.Fun{Module: "shell", Pid: etf.Pid{Node: "x@localhost", ID: 9, Creation: 1}}
	export := etf.Export{Module: "m", Function: "echo", Arity: 1}
	tests := []struct {
		what string
		req  dist.SigSpawnRequest
		want string // flags, then the signals that follow, with the call's ref as "ref"
	}{
		{"call", spawnErpc("m", "echo", etf.List{int64(1)}, atomMonitor), "2 down {ref,return,1}"},
		{"undef", spawnErpc("m", "none", etf.List{}, atomMonitor), "2 down {ref,error,undef,[{m,none,[],[]}]}"},
		{"no list", spawnErpc("m", "none", atom("x"), atomMonitor), "2 down {ref,error,{erpc,badarg}}"},
		{"monitor with options", spawnErpc("m", "echo", etf.List{int64(1)}, tuple(atomMonitor, etf.List{})), "2 down {ref,return,1}"},
		{"linked too", spawnErpc("m", "end", etf.List{atom("exit")}, atomMonitor, atomLink), "3 down {ref,exit,bye} exit {ref,exit,bye}"},
		{"not monitored", spawnErpc("m", "echo", etf.List{int64(1)}), "0"},
		{"cast", spawnMFA("erpc", "execute_cast", etf.List{atom("m"), atom("echo"), etf.List{int64(1)}}, atomMonitor), "2 down normal"},
		{"apply of a fun", spawnMFA("erlang", "apply", etf.List{blob, etf.List{}}, atomMonitor), "2 down {undef,_}"},
		{"apply of an export", spawnMFA("erlang", "apply", etf.List{export, etf.List{int64(1)}}, atomMonitor), "2 down normal"},
		{"apply of M, F, A", spawnMFA("erlang", "apply", etf.List{atom("m"), atom("end"), etf.List{atom("exit")}}, atomMonitor), "2 down bye"},
		{"listed function", spawnMFA("m", "end", etf.List{atom("error")}, atomMonitor), "2 down {bad,[{m,'end',1,[]}]}"},
		{"thrown", spawnMFA("m", "end", etf.List{atom("throw")}, atomMonitor), "2 down {{nocatch,ball},[]}"},
		{"unlisted function", spawnMFA("os", "cmd", etf.List{int64(1)}, atomMonitor), "2 down {undef,[{os,cmd,[1],[]}]}"},
		{"call through apply", spawnErpc("erlang", "apply", etf.List{export, etf.List{int64(3)}}, atomMonitor), "2 down {ref,return,3}"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			if got := s.spawn(t, tt.req); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	within(t, time.Second, "only the services are left", func() bool {
		far.procs.mu.RLock()
		defer far.procs.mu.RUnlock()
		return len(far.procs.byPid) == services
	})
}
