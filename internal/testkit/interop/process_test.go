//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// ends are the ways in which a process ends, and what those who watch it get.
var ends = [][2]string{
	{"normal", "normal"}, {"shutdown", "shutdown"}, {"{shutdown,x}", "{shutdown,x}"}, {"oops", "oops"}, {"{bad,[#{a => 1.5}]}", "{bad,[#{a => 1.5}]}"},
}

// TestMonitorsAndLinks: what ends on one side is told on the other with its
// reason, whichever way it ends.
func TestMonitorsAndLinks(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		b := w.beams[0]
		t.Run("theirs of ours", func(t *testing.T) { w.watchOurs(t, b) })
		t.Run("ours of theirs", func(t *testing.T) { w.watchTheirs(t, b) })
		t.Run("connection loss", func(t *testing.T) { w.lose(t, b) })
	})
}

const worker = `W = erpc:call($F, echo, spawn_worker, []), `

// ended is a worker that is known to be no more, killed a process P of that kind.
const (
	ended  = worker + `E = monitor(process, W), W ! {exit, x}, receive {'DOWN', E, _, _, _} -> ok after 10000 -> ok end, `
	killed = `E = monitor(process, P), exit(P, kill), receive {'DOWN', E, _, _, _} -> ok after 10000 -> ok end, `
)

func (w *world) watchOurs(t *testing.T, b *testkit.BEAM) {
	for _, end := range ends {
		w.script(t, b, [][2]string{
			{worker + "M = monitor(process, W), W ! {exit, " + end[0] + "}, receive {'DOWN', M, process, W, R} -> R after 3000 -> none end.", end[1]},
			{worker + "process_flag(trap_exit, true), link(W), W ! {exit, " + end[0] + "}, receive {'EXIT', W, R} -> R after 3000 -> none end.", end[1]},
		}...)
	}
	w.script(t, b, [][2]string{
		{worker + "M = monitor(process, W), exit(W, kill), receive {'DOWN', M, process, W, R} -> R after 3000 -> none end.", "killed"},
		{worker + "M = monitor(process, W), exit(W, away), receive {'DOWN', M, process, W, R} -> R after 3000 -> none end.", "away"},
		{worker + "exit(W, normal), W ! {echo, self(), alive}, receive {W, X} -> X after 3000 -> none end.", "alive"},
		{ended + "process_flag(trap_exit, true), catch link(W), receive {'EXIT', W, R} -> R after 3000 -> none end.", "noproc"},
		{ended + "M = monitor(process, W), receive {'DOWN', M, process, W, R} -> R after 3000 -> none end.", "noproc"},
		{worker + "M = monitor(process, W), demonitor(M), W ! {exit, x}, receive Y -> Y after 200 -> quiet end.", "quiet"},
		{worker + "process_flag(trap_exit, true), link(W), unlink(W), W ! {exit, x}, receive Y -> Y after 200 -> quiet end.", "quiet"},
		{worker + "process_flag(trap_exit, true), [begin link(W), unlink(W) end || _ <- lists:seq(1, 100)], link(W), W ! {exit, x}, receive {'EXIT', W, R} -> R after 3000 -> none end.", "x"},
		{worker + "spawn(fun() -> link(W), exit(normal) end), timer:sleep(100), W ! {echo, self(), alive}, receive {W, X} -> X after 3000 -> none end.", "alive"},
		{worker + "M = monitor(process, W), spawn(fun() -> link(W), exit(bad) end), receive {'DOWN', M, process, W, R} -> R after 3000 -> none end.", "bad"},
		{worker + "exit(W, kill), M = monitor(process, {echo, $F}), gen_server:cast({echo, $F}, {crash, z}), receive {'DOWN', M, process, {echo, N}, R} -> {N =:= $F, R} after 3000 -> none end.", "{true,z}"},
	}...)
}

// watched is a process P that ends on {exit, R}.
const watched = worker + `P = spawn(fun() -> receive {exit, R} -> exit(R) end end), `

func (w *world) watchTheirs(t *testing.T, b *testkit.BEAM) {
	for _, end := range ends {
		w.script(t, b, [][2]string{
			{watched + "W ! {monitor, P, self()}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, " + end[0] + "} end, receive {down, W, P, Y} -> Y after 3000 -> none end.", end[1]},
			{watched + "W ! {trap, self()}, W ! {link, P}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, " + end[0] + "} end, receive {trapped, W, P, Y} -> Y after 3000 -> none end.", end[1]},
		}...)
	}
	w.script(t, b, [][2]string{
		{watched + "W ! {monitor, P, self()}, W ! {echo, self(), 1}, receive {W, 1} -> exit(P, kill) end, receive {down, W, P, Y} -> Y after 3000 -> none end.", "killed"},
		{watched + killed + "W ! {monitor, P, self()}, receive {down, W, P, Y} -> Y after 3000 -> none end.", "noproc"},
		{watched + "W ! {trap, self()}, W ! {echo, self(), 1}, receive {W, 1} -> exit(W, normal) end, receive {trapped, W, _, Y} -> Y after 3000 -> none end.", "normal"},
		{watched + "W ! {link, P}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, normal} end, timer:sleep(100), W ! {echo, self(), 2}, receive {W, 2} -> alive after 3000 -> none end.", "alive"},
		{worker + "W ! {monitor, {nobody, node()}, self()}, receive {down, W, {nobody, _}, Y} -> Y after 3000 -> none end.", "noproc"},
		{watched + "true = register(known, P), W ! {monitor, {known, node()}, self()}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, x} end, receive {down, W, {known, _}, Y} -> Y after 3000 -> none end.", "x"},
		{watched + "M = monitor(process, W), W ! {link, P}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, x} end, receive {'DOWN', M, _, _, Y} -> Y after 3000 -> none end.", "x"},
		{watched + "W ! {link, P}, W ! {echo, self(), 1}, M = monitor(process, P), receive {W, 1} -> W ! {exit, y} end, receive {'DOWN', M, _, _, Y} -> Y after 3000 -> none end.", "y"},
		{watched + "W ! {link, P}, W ! {unlink, P}, W ! {echo, self(), 1}, receive {W, 1} -> P ! {exit, x} end, timer:sleep(100), W ! {echo, self(), 2}, receive {W, 2} -> alive after 3000 -> none end.", "alive"},
		{watched + killed + "M = monitor(process, W), W ! {link, P}, receive {'DOWN', M, _, _, Y} -> Y after 3000 -> none end.", "noproc"},
	}...)
}

// lose kills both sides: links and monitors end with noconnection, and what
// comes back is somebody else.
func (w *world) lose(t *testing.T, b *testkit.BEAM) {
	w.script(t, b, [2]string{`S = self(), spawn(fun() -> register(witness, self()), process_flag(trap_exit, true), ` + worker + `link(W),
		M = monitor(process, W), Q = monitor(process, {echo, $F}), monitor_node($F, true), global:register_name(lost, W), S ! ready,
		A = receive {'EXIT', W, R1} -> R1 end, B = receive {'DOWN', M, _, _, R2} -> R2 end, C = receive {'DOWN', Q, _, _, R3} -> R3 end,
		D = receive {nodedown, N} -> N =:= $F end, receive {tell, P} -> P ! {told, [A, B, C, D], W} end, receive after infinity -> ok end end), receive ready -> ok end.`, "ok"})
	first := w.fjords[0]
	first.Kill(t)
	w.fjords = w.fjords[1:]
	w.complete(t, 2*time.Second)
	b.Expect(t, "witness ! {tell, self()}, receive {told, L, _} -> L after 3000 -> none end.", "[noconnection,noconnection,noconnection,true]")
	b.Expect(t, "global:whereis_name(lost).", "undefined")

	w.fjords = append([]*echo{w.launch(t, first.Node, nil, first.args[6:]...)}, w.fjords...)
	w.complete(t, syncLimit)

	// The other way round: a BEAM node is killed.
	victim := w.beams[1]
	w.script(t, b, [2]string{worker + `P = erpc:call($B, erlang, spawn, [timer, sleep, [infinity]]), W ! {monitor, P, self()}, W ! {trap, self()}, W ! {link, P}, W ! {echo, self(), 1}, receive {W, 1} -> ok end,
		spawn(fun() -> timer:sleep(50), erpc:cast($B, erlang, halt, [0, [{flush, false}]]) end),
		A = receive {down, W, P, R1} -> R1 after 5000 -> none end, B = receive {trapped, W, P, R2} -> R2 after 5000 -> none end, {A, B}.`, "{noconnection,noconnection}"})
	testkit.Within(t, 5*time.Second, victim.Name+" has halted", victim.Exited)
	w.beams = append(w.beams[:1:1], w.beams[2:]...)
	w.complete(t, 2*time.Second)
}

// TestNewCreation kills a Fjord node and starts it again at once under its name:
// pids of the first life are not those of the second.
func TestNewCreation(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		b := w.beams[0]
		w.script(t, b, [2]string{`S = self(), spawn(fun() -> ` + worker + `register(keeper, self()), S ! ready, (fun L() -> receive {get, P} -> P ! {old, W}, L() end end)() end), receive ready -> ok end.`, "ok"})
		for range 3 {
			w.fjords[0].Kill(t)
			w.again(t, w.fjords[0])
			w.complete(t, syncLimit)
			const old = "keeper ! {get, self()}, W0 = receive {old, O} -> O end, "
			w.script(t, b, [][2]string{
				{old + worker + "W =/= W0 andalso node(W) =:= node(W0).", "true"},
				{old + "M = monitor(process, W0), receive {'DOWN', M, _, _, R} -> R after 3000 -> none end.", "noproc"},
				{old + worker + "[begin W0 ! {echo, self(), old}, exit(W0, kill) end || _ <- lists:seq(1, 10)], W ! {echo, self(), new}, receive {_, X} -> X after 3000 -> none end.", "new"},
				{old + "process_flag(trap_exit, true), catch link(W0), receive {'EXIT', W0, R} -> R after 3000 -> none end.", "noproc"},
				{"gen_server:call({echo, $F}, {echo, again}).", "again"},
			}...)
		}
		// A BEAM node that comes again.
		w.beams[1].Kill(t)
		w.beams[1] = w.erl(t, w.otps[1], strings.Clone(w.beams[1].Node))
		w.complete(t, 2*syncLimit) // the Fjord nodes dial it
		w.script(t, w.beams[1], [2]string{"gen_server:call({echo, $F}, {echo, again}).", "again"})
	})
}

// TestSameNameTwice: a name that is taken is refused, on either side, and the one
// who has it does not notice.
func TestSameNameTwice(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		f := w.fjord(t, "f1@localhost")
		b := w.beam(t)
		ping(t, b, f.Node)
		b.Expect(t, flapRecorder, "true")
		program, err := echoProgram()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{f.Node, b.Node} {
			second := testkit.Start(t, testkit.Command{Name: "second " + name, Path: program, Args: []string{"-name", name, "-cookie", cookie}, Env: w.env()})
			if code := second.WaitExit(t, 5*time.Second); code != 1 || !strings.Contains(second.Log(), "another node named") {
				t.Errorf("the second %s ended with code %d: %s", name, code, second.Log())
			}
		}
		erl := testkit.Start(t, testkit.Command{Name: "second erl", Path: w.otps[0].Erl, Env: w.env(),
			Args: []string{"-sname", f.Node, "-setcookie", cookie, "-start_epmd", "false", "-noshell"}})
		if code := erl.WaitExit(t, 10*time.Second); code != 1 || !strings.Contains(erl.Log(), "in use") {
			t.Errorf("a BEAM node named %s ended with code %d: %s", f.Node, code, erl.Log())
		}
		b.Expect(t, flapReport, "[]")
		b.Expect(t, fmt.Sprintf("gen_server:call({echo, '%s'}, {echo, 1}).", f.Node), "1")
	})
}

// TestWrongCookie: a Fjord node with another cookie gets in nowhere, says why, and
// disturbs nobody; with the right one it comes in.
func TestWrongCookie(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		b := w.beam(t)
		stranger := w.launch(t, "x@localhost", nil, "-nodes", b.Node, "-cookie", "other", "-wait", "3s")
		if !strings.Contains(stranger.Log(), "cookie") {
			t.Errorf("the log does not speak of the cookie:\n%s", stranger.Log())
		}
		b.Expect(t, "nodes().", "[]")
		b.Expect(t, "net_adm:ping('x@localhost').", "pang")
		stranger.Kill(t)
		w.fjord(t, "x@localhost", b.Node)
		w.complete(t, syncLimit)
	})
}
