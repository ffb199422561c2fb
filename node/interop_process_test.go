//go:build interop

package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
)

// TestInteropKillRegistered: exit(Pid, kill) on the process behind a name, its
// DOWN, and its successor.
func TestInteropKillRegistered(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		w.connect(t)
		spawnEcho(t, w.n, "echo")
		w.ask(t, `M = monitor(process, {echo, GO}), {echo, GO} ! {self(), pid}, P = receive {pid, X} -> X end,
			exit(P, normal), exit(P, kill), receive {'DOWN', M, process, {echo, GO}, R} -> R after 2000 -> late end.`, "killed")
		w.ask(t, `M = monitor(process, {echo, GO}), receive {'DOWN', M, process, {echo, GO}, R} -> R after 2000 -> late end.`, "noproc")
		spawnEcho(t, w.n, "echo")
		w.ask(t, `{echo, GO} ! {self(), pid}, receive {pid, _} -> successor after 2000 -> late end.`, "successor")
	})
}

// spawnEcho answers {Pid, pid} with {pid, OwnPid} and {Pid, X} with X.
func spawnEcho(t *testing.T, n *Node, name string) *Process {
	t.Helper()
	var p *Process
	p, err := n.Spawn(name, Callbacks{Message: func(m Message) {
		q, ok := m.Term.(etf.Tuple)
		if !ok || len(q) != 2 {
			return
		}
		answer := q[1]
		if answer == any(atom("pid")) {
			answer = tuple(atom("pid"), p.Pid())
		}
		if err := p.Post(q[0], answer); err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestInteropMonitorsAndLinks(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		w.connect(t)
		box := mailbox(t, w.n, "")
		w.b.Eval(t, `register(victim, spawn(fun() -> receive {stop, R} -> exit(R) end end)).`)
		ref, err := box.Monitor(short(t), tuple(atom("victim"), atom(w.b.Node)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.n.Call(short(t), w.b.Node, "erlang", "node"); err != nil { // by now the monitor is there
			t.Fatal(err)
		}
		w.b.Eval(t, `victim ! {stop, {because, 1}}.`)
		if d := receive[DownSignal](t, box); d.Ref != ref || etf.String(d.Reason) != "{because,1}" {
			t.Errorf("monitor: %+v", d)
		}
		for i, how := range []string{"crash", "normal", "unlinked"} {
			pid, err := w.n.Call(short(t), w.b.Node, "erlang", "spawn", atom("timer"), atom("sleep"), etf.List{int64(60_000)})
			if err != nil {
				t.Fatal(err)
			}
			if err := box.Link(short(t), pid.(etf.Pid)); err != nil {
				t.Fatal(err)
			}
			if how == "unlinked" {
				box.Unlink(pid.(etf.Pid))
			}
			watch, err := box.Monitor(short(t), pid)
			if err != nil {
				t.Fatal(err)
			}
			if err := box.ExitProcess(short(t), pid.(etf.Pid), atom([]string{"crash", "kill", "kill"}[i])); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for range map[string]int{"crash": 2, "normal": 2, "unlinked": 1}[how] {
				got, err := box.Receive(short(t))
				if err != nil {
					t.Fatal(err)
				}
				seen[fmt.Sprintf("%T", got)] = true
				if d, ok := got.(DownSignal); ok && d.Ref != watch {
					t.Errorf("another monitor: %+v", d)
				}
			}
			if seen["node.ExitSignal"] != (how != "unlinked") || !seen["node.DownSignal"] {
				t.Errorf("%s: %v", how, seen)
			}
		}
		spawnEcho(t, w.n, "echo")
		w.ask(t, `process_flag(trap_exit, true), {echo, GO} ! {self(), pid}, P = receive {pid, X} -> X end, link(P), unlink(P), link(P),
			exit(P, boom), receive {'EXIT', P, R} -> R after 2000 -> late end.`, "boom")
		w.ask(t, `process_flag(trap_exit, true), P = list_to_pid("<0.0.0>"), link(rpc:call(GO, erlang, whereis, [x])).`, "{'EXCEPTION',error,badarg}")
	})
}

// terms are what an echo must give back unchanged, in Erlang.
const terms = `[a, '', 'ünï', 0, -1, 255, 256, -134217729, 1 bsl 59, 1 bsl 64, -(1 bsl 64), 1 bsl 3000, 1.5, -0.0, 1.0e300,
	<<>>, <<1,2,3>>, <<5:3>>, <<1,2,3:7>>, [], [1,2,3], "string", lists:seq(1, 70000), [a|b], [[a|b]|c], {}, {a}, {a,{b}},
	#{}, #{a => 1, "k" => [2], #{} => #{}}, self(), make_ref(), fun lists:map/2, fun(X) -> X end, hd(erlang:ports()),
	list_to_atom(lists:duplicate(255, $x)), binary:copy(<<7>>, 100000), list_to_tuple(lists:seq(1, 300))]`

func TestInteropEchoOfTerms(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		handleSamples(w.n)
		w.connect(t)
		w.ask(t, `[T || T <- `+terms+`, erpc:call(GO, m, echo, [T]) =/= T].`, "[]")
	})
}

// counter counts numbered messages and tells the one that was not the next.
const counter = `
-module(counter).
-export([start/1]).
start(Count) -> R = count(0, Count), receive {ask, From} -> From ! {result, R} end.
count(N, N) -> done;
count(I, N) -> receive I -> count(I + 1, N); X when is_integer(X) -> {got, X, instead_of, I} after 10000 -> {stuck, I} end.
`

// TestInteropOrderAndLoad sends many numbered messages each way.
func TestInteropOrderAndLoad(t *testing.T) {
	const count = 100_000
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		w.b.Load(t, counter)
		w.connect(t)
		box := mailbox(t, w.n, "counter")
		w.b.Eval(t, w.expr(fmt.Sprintf(`spawn(fun() -> [{counter, GO} ! I || I <- lists:seq(0, %d)] end).`, count-1)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for i := range count {
			got, err := box.Receive(ctx)
			if m, ok := got.(Message); err != nil || !ok || m.Term != any(int64(i)) {
				t.Fatalf("message %d is %v, %v", i, got, err)
			}
		}
		w.b.Eval(t, fmt.Sprintf(`register(counter, spawn(counter, start, [%d])).`, count))
		to := tuple(atom("counter"), atom(w.b.Node))
		for i := range count {
			if err := box.Send(ctx, to, int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		w.ask(t, `counter ! {ask, self()}, receive {result, R} -> R after 30000 -> late end.`, "done")
	})
}

// TestInteropBigMessages sends binaries of 10 MB both ways.
func TestInteropBigMessages(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		handleSamples(w.n)
		w.connect(t)
		w.ask(t, `B = binary:copy(<<1,2,3,4,5>>, 2000000), erpc:call(GO, m, echo, [B], 30000) =:= B.`, "true")
	})
}

// TestInteropMesh: what a Fishjam cluster of three sees of us.
func TestInteropMesh(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		other := w.beam(t, "other")
		for _, name := range []string{w.b.Node, other.Node} {
			if _, err := w.n.Connect(short(t), name); err != nil {
				t.Fatal(err)
			}
		}
		w.ask(t, `length(nodes()).`, "1")
		w.ask(t, `net_adm:ping(`+etf.String(atom(other.Node))+`).`, "pong")
		w.ask(t, `length(nodes()).`, "2")
		other.Expect(t, `length(nodes()).`, "2")
		stop(t, w.n)
		for _, b := range []*testkit.BEAM{w.b, other} {
			testkit.Within(t, time.Second, "we have left "+b.Node, func() bool { return b.Eval(t, `length(nodes()).`) == "1" })
		}
		testkit.During(t, 2*time.Second, "the others keep each other", func() bool {
			return w.b.Eval(t, `length(nodes()).`) == "1" && other.Eval(t, `length(nodes()).`) == "1"
		})
	})
}
