//go:build interop

package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
)

// world is the example beside a real node, connected.
type world struct {
	port int
	otp  testkit.OTP
	app  *app
	beam *testkit.BEAM
}

func eachOTP(t *testing.T, f func(t *testing.T, w *world)) {
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			w := &world{port: int(mapper.Start(t).Port()), otp: otp}
			w.app = startApp(t, w.port, "echo@localhost")
			w.beam = w.erl(t, "beam@localhost")
			w.beam.Expect(t, "net_adm:ping('echo@localhost').", "pong")
			f(t, w)
		})
	}
}

func (w *world) erl(t *testing.T, name string, args ...string) *testkit.BEAM {
	t.Helper()
	return testkit.StartBEAM(t, testkit.BEAMOptions{
		OTP: w.otp, Name: name, Cookie: "secret", Args: args, Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", w.port)},
	})
}

// ask evaluates each expression on the real node.
func (w *world) ask(t *testing.T, pairs ...[2]string) {
	t.Helper()
	for _, pair := range pairs {
		w.beam.Expect(t, "E = 'echo@localhost', S = {echo, E}, "+pair[0], pair[1])
	}
}

func TestInteropServer(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		late := "nothing"
		if w.otp.Release == "23" { // it has no aliases: a late answer arrives
			late = "late"
		}
		w.ask(t, [][2]string{
			{"gen_server:call(S, {echo, [#{a => 1.5}, <<1:3>>, self()]}) =:= [#{a => 1.5}, <<1:3>>, self()].", "true"},
			{"gen_server:call(S, {delay, 50, late}).", "late"},
			{"(catch gen_server:call(S, {delay, 300, late}, 50)), receive {_, X} -> X after 500 -> nothing end.", late},
			{"R = gen_server:send_request(S, {delay, 100, slow}), fast = gen_server:call(S, {echo, fast}), gen_server:wait_response(R, 3000).", "{reply,slow}"},
			{"gen_server:cast(S, {tell, self(), told}), receive X -> X after 3000 -> nothing end.", "told"},
			{"gen_server:call(S, unknown).", "{error,unknown_request}"},
			{"M = monitor(process, S), try gen_server:call(S, {crash, {my, reason}}) catch exit:{{my, reason}, _} -> receive {'DOWN', M, process, S, {my, reason}} -> down after 3000 -> none end end.", "down"},
		}...)
		w.serverAnswers(t)
		w.ask(t, [2]string{"M = monitor(process, S), ok = gen_server:call(S, stop), receive {'DOWN', M, process, S, R} -> R after 3000 -> none end.", "normal"})
		w.serverAnswers(t)
		w.ask(t, [2]string{"M = monitor(process, S), exit(erpc:call(E, global, whereis_name, [{echo, E}]), kill), receive {'DOWN', M, process, S, R} -> R after 3000 -> none end.", "killed"})
		w.serverAnswers(t)
	})
}

// serverAnswers waits until the server has been started anew, with its global
// name.
func (w *world) serverAnswers(t *testing.T) {
	t.Helper()
	testkit.Within(t, 5*time.Second, "the server runs again", func() bool {
		return w.beam.Eval(t, `(catch gen_server:call({echo, 'echo@localhost'}, {echo, 1})) =:= 1 andalso
			(catch gen_server:call({global, {echo, 'echo@localhost'}}, {echo, 2})) =:= 2.`) == "true"
	})
}

func TestInteropWorkers(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		w.ask(t, [][2]string{
			{"{ok, P} = gen_server:call(S, spawn_worker), M = monitor(process, P), P ! {exit, bye}, receive {'DOWN', M, process, P, R} -> R after 3000 -> none end.", "bye"},
			{"process_flag(trap_exit, true), {ok, P} = gen_server:call(S, spawn_worker), link(P), P ! {exit, oops}, receive {'EXIT', P, R} -> R after 3000 -> none end.", "oops"},
			{"process_flag(trap_exit, true), {ok, P} = gen_server:call(S, spawn_worker), link(P), ok = gen_server:call(S, {exit, P, enough}), receive {'EXIT', P, R} -> R after 3000 -> none end.", "enough"},
			{"{ok, P} = gen_server:call(S, spawn_worker), M = monitor(process, P), exit(P, kill), receive {'DOWN', M, process, P, R} -> R after 3000 -> none end.", "killed"},
			{"{ok, P} = gen_server:call(S, spawn_worker), M = monitor(process, P), spawn(fun() -> link(P), exit(mine) end), receive {'DOWN', M, process, P, R} -> R after 3000 -> none end.", "mine"},
			{"P = erpc:call(E, echo, spawn_worker, []), P ! {echo, self(), hi}, receive {P, X} -> X after 3000 -> none end.", "hi"},
			{"P = erpc:call(E, echo, spawn_worker, []), P ! {tell, self(), hi}, receive X -> X after 3000 -> none end.", "hi"},
			{"P = erpc:call(E, echo, spawn_worker, []), P ! {exit, done}, timer:sleep(50), M = monitor(process, P), receive {'DOWN', M, process, P, R} -> R after 3000 -> none end.", "noproc"},
			{"process_flag(trap_exit, true), spawn_link(fun() -> ok = gen_server:call(S, {exit, self(), shot}), receive after 3000 -> ok end end), receive {'EXIT', _, R} -> R after 5000 -> none end.", "shot"},
		}...)
	})
}

func TestInteropFunctions(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		w.ask(t, [][2]string{
			{"erpc:call(E, echo, echo, [{x}]).", "{x}"},
			{"erpc:call(E, echo, whoami, []).", "beam@localhost"},
			{"try erpc:call(E, echo, fail, [error, why]) catch error:{exception, X, _} -> X end.", "why"},
			{"try erpc:call(E, echo, fail, [exit, why]) catch exit:X -> X end.", "{exception,why}"},
			{"try erpc:call(E, echo, fail, [throw, why]) catch throw:X -> X end.", "why"},
			{"try erpc:call(E, echo, sleep, [5000], 100) catch error:X -> X end.", "{erpc,timeout}"},
			{"erpc:multicall([E, E], echo, echo, [1]).", "[{ok,1},{ok,1}]"},
			{"try erpc:call(E, echo, nothing, []) catch error:{exception, X, _} -> X end.", "undef"},
		}...)
	})
}

func TestInteropCounter(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		w.ask(t, [][2]string{
			{"C = {counter, E}, [C ! {N, <<0:800>>} || N <- lists:seq(1, 20000)], gen_server:call(C, report) =:= #{gaps => [], last => 20000, late => 0, received => 20000}.", "true"},
			{"gen_server:call({counter, E}, reset).", "ok"},
			{"C = {counter, E}, [C ! {N} || N <- [1, 2, 5, 4]], gen_server:call(C, report) =:= #{gaps => [{3, 4}], last => 5, late => 1, received => 4}.", "true"},
		}...)
	})
}

func TestInteropGroupsAndNames(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		w.ask(t, [][2]string{
			{"{ok, P} = pg:start(pg), is_pid(P).", "true"},
			{"global:sync().", "ok"},
			{"P = spawn(fun() -> receive stop -> ok end end), register(mine, P), pg:join(rooms, P).", "ok"},
			{"P = erpc:call(E, echo, join, [rooms]), register(theirs, spawn(fun() -> M = monitor(process, P), receive {'DOWN', M, _, _, _} -> ok; {get, From} -> From ! P end end)), is_pid(P).", "true"},
		}...)
		members := func(count int) {
			t.Helper()
			testkit.Within(t, 2*time.Second, fmt.Sprintf("%d members on both sides", count), func() bool {
				return w.beam.Eval(t, fmt.Sprintf("length(pg:get_members(rooms)) =:= %d andalso lists:sort(erpc:call('echo@localhost', echo, members, [rooms])) =:= lists:sort(pg:get_members(rooms)).", count)) == "true"
			})
		}
		members(2)
		w.ask(t, [][2]string{
			{"length(pg:get_members(echo)).", "1"},
			{"[hd(pg:get_members(rooms) -- pg:get_local_members(rooms)) ! {exit, normal}].", "[{exit,normal}]"},
		}...)
		members(1)
		w.ask(t, [][2]string{
			{"gen_server:call({global, {echo, E}}, {echo, 3}).", "3"},
			{"global:register_name(boss, whereis(mine)).", "yes"},
			{"erpc:call(E, echo, whereis, [boss]) =:= whereis(mine).", "true"},
			{"P = erpc:call(E, echo, register, [clerk]), P =:= global:whereis_name(clerk).", "true"},
			{"try erpc:call(E, echo, register, [boss]) catch error:{exception, _, _} -> taken end.", "taken"},
			{"erpc:call(E, echo, unregister, [clerk]), global:whereis_name(clerk).", "undefined"},
			{"exit(whereis(mine), kill), timer:sleep(200), erpc:call(E, echo, whereis, [boss]).", "undefined"},
		}...)
	})
}

// TestInteropSyncNodes: BEAM nodes whose kernel waits for this node come up,
// whichever starts first.
func TestInteropSyncNodes(t *testing.T) {
	for _, kind := range []string{"sync_nodes_mandatory", "sync_nodes_optional"} {
		t.Run(kind, func(t *testing.T) {
			eachOTP(t, func(t *testing.T, w *world) {
				args := func(list string) []string { return []string{"-kernel", kind, list, "sync_nodes_timeout", "5000"} }
				after := w.erl(t, "after@localhost", args("['echo@localhost']")...)
				testkit.Within(t, 5*time.Second, "the mesh is complete", func() bool {
					return after.Eval(t, "lists:sort(nodes()).") == "[beam@localhost,echo@localhost]"
				})
				after.Expect(t, "global:sync().", "ok")
				// This one waits for a node that comes while it waits.
				late := make(chan error, 1)
				go func() { late <- w.startLate(t) }()
				before := w.erl(t, "before@localhost", args("['late@localhost','echo@localhost']")...)
				if err := <-late; err != nil {
					t.Fatal(err)
				}
				before.Expect(t, "[lists:member(N, nodes()) || N <- ['echo@localhost', 'late@localhost']].", "[true,true]")
				before.Expect(t, "erpc:call('late@localhost', echo, echo, [1]).", "1")
			})
		})
	}
}

// startLate starts the example as late@localhost once before@localhost is there,
// which waits for it. It may be called by any goroutine.
func (w *world) startLate(t *testing.T) error {
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Slack*10*time.Second)
	defer cancel()
	if err := w.app.node.WaitFor(ctx, "before@localhost"); err != nil {
		return err
	}
	a, err := start(ctx, options{
		name: "late@localhost", cookie: "secret", scope: "pg", epmd: w.port, nodes: []string{"before@localhost"},
		wait: 10 * time.Second, log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		t.Cleanup(func() { _ = a.stop() }) // goleak says if something stays
	}
	return err
}

// TestInteropPriority: priority messages, which OTP 28 and later send in a control
// message of their own, arrive at names, processes and aliases of this node.
func TestInteropPriority(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		if w.otp.Release < "28" {
			return // it has none
		}
		w.ask(t, [][2]string{
			{"W = erpc:call(E, echo, spawn_worker, []), erlang:send(W, {echo, self(), prio}, [priority]), receive {W, X} -> X after 3000 -> none end.", "prio"},
			{"erlang:send(S, {'$gen_cast', {tell, self(), named}}, [priority]), receive X -> X after 3000 -> none end.", "named"},
			{"W = erpc:call(E, echo, spawn_worker, []), M = monitor(process, W), exit(W, now, [priority]), receive {'DOWN', M, _, _, R} -> R after 3000 -> none end.", "now"},
			{"A = alias([priority]), erpc:call(E, echo, echo, [A]) =:= A.", "true"},
			{"A = alias([priority]), gen_server:cast(S, {tell, A, back}), receive X -> X after 3000 -> none end.", "back"},
		}...)
	})
}

// records makes native records, which OTP 29 has.
const records = `
-module(nr).
-export([make/1]).
-record #point{x = 0, y}.
make(Y) -> #point{x = 1, y = Y}.
`

// TestInteropNativeRecords: native records come back as they were, although this
// node does not offer to know them.
func TestInteropNativeRecords(t *testing.T) {
	eachOTP(t, func(t *testing.T, w *world) {
		if w.otp.Release < "29" {
			return // it has none
		}
		w.beam.Load(t, records)
		w.ask(t, [][2]string{
			{"R = nr:make([a, #{b => nr:make(self())}]), gen_server:call(S, {echo, R}) =:= R.", "true"},
			{"R = nr:make([]), erpc:call(E, echo, echo, [[R, R]]) =:= [R, R].", "true"},
			{"W = erpc:call(E, echo, spawn_worker, []), R = nr:make(W), W ! {echo, self(), R}, receive {W, X} -> X =:= R after 3000 -> none end.", "true"},
			{"W = erpc:call(E, echo, spawn_worker, []), R = nr:make(why), M = monitor(process, W), W ! {exit, R}, receive {'DOWN', M, _, _, X} -> X =:= R after 3000 -> none end.", "true"},
		}...)
	})
}
