//go:build interop

package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func TestInteropTheyCall(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		handleSamples(w.n)
		w.connect(t)
		w.ask(t, `erpc:call(GO, m, echo, [{a, <<"b">>, [1], #{k => 1.5}, self()}]) =:= {a, <<"b">>, [1], #{k => 1.5}, self()}.`, "true")
		w.ask(t, `rpc:call(GO, m, echo, [42]).`, "42")
		w.ask(t, `rpc:multicall([GO], m, echo, [x]).`, "{[x],[]}")
		w.ask(t, `erpc:multicall([GO, node()], erlang, node, []) =:= [{ok, GO}, {ok, node()}].`, "true")
		w.ask(t, `erpc:call(GO, erlang, nodes, []) =:= [node()].`, "true")
		w.ask(t, `element(2, element(1, element(2, (catch erpc:call(GO, m, none, [1]))))).`, "undef")
		w.ask(t, `rpc:call(GO, m, none, [1]).`, "{badrpc,{'EXIT',{undef,[{m,none,[1],[]}]}}}")
		w.ask(t, `try erpc:call(GO, m, 'end', [throw]) catch throw:X -> X end.`, "ball")
		w.ask(t, `try erpc:call(GO, m, 'end', ['exit']) catch exit:X -> X end.`, "{exception,bye}")
		w.ask(t, `try erpc:call(GO, m, 'end', [error]) catch error:X -> X end.`, "{exception,bad,[{m,'end',1,[]}]}")
		w.ask(t, `try erpc:call(GO, m, 'end', [chan]) catch error:X -> X end.`, "{exception,unencodable,[]}")
		w.ask(t, `try erpc:call(GO, m, 'end', [panic]) catch error:{exception, X, _} -> X end.`, `{go_panic,<<"boom">>}`)
		w.ask(t, `try erpc:call(GO, m, block, [], 200) catch error:X -> X end.`, "{erpc,timeout}")
		within(t, time.Second, "an abandoned call is given up", func() bool { return runningCalls(w.n) == 0 })
		w.ask(t, `try erpc:call(GO, fun() -> 1 end) catch error:{exception, X, _} -> X end.`, "undef")
		w.ask(t, `erpc:cast(GO, m, echo, [1]).`, "ok")
		w.ask(t, `P = spawn(GO, m, none, [1]), M = monitor(process, P), receive {'DOWN', M, _, _, R} -> R after 2000 -> late end.`, "noproc")
		w.ask(t, `{P, M} = spawn_monitor(GO, m, none, [1]), receive {'DOWN', M, process, P, R} -> R after 2000 -> late end.`, "{undef,[{m,none,[1],[]}]}")
		w.ask(t, `process_flag(trap_exit, true), P = spawn_link(GO, fun() -> ok end), receive {'EXIT', P, {undef, _}} -> undef after 2000 -> late end.`, "undef")
		w.ask(t, `catch rpc:block_call(GO, m, echo, [7]).`, "7")
		w.ask(t, `length(nodes()).`, "1")
	})
}

func TestInteropWeCall(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		got, err := w.n.Call(short(t), w.b.Node, "lists", "reverse", etf.List{int64(1), int64(2)})
		if err != nil || etf.String(got) != "[2,1]" {
			t.Errorf("reverse: %s %v", etf.String(got), err)
		}
		for _, call := range [][]etf.Term{{"format", "printed ~p~n", etf.List{int64(1)}}, {"put_chars", "printed"}, {"get_line", "> "}, {"columns"}} {
			args := call[1:] // who prints waits for us, its group leader
			if _, err := w.n.Call(short(t), w.b.Node, "io", call[0].(string), args...); err != nil {
				t.Errorf("io:%s: %v", call[0], err)
			}
		}
		if _, err := w.n.Call(short(t), w.b.Node, "no", "such"); !errors.Is(err, ErrUndef) {
			t.Errorf("undef: %v", err)
		}
		var remote *RemoteError
		if _, err := w.n.Call(short(t), w.b.Node, "erlang", "throw", atom("ball")); !errors.As(err, &remote) || remote.Class != ClassThrow {
			t.Errorf("throw: %v", err)
		}
		if _, err := w.n.Call(short(t), w.b.Node, "erlang", "exit", atom("bye")); !errors.As(err, &remote) || remote.Class != ClassExit {
			t.Errorf("exit: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := w.n.Call(ctx, w.b.Node, "timer", "sleep", int64(60_000)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sleep: %v", err)
		}
		other := w.beam(t, "other")
		results := w.n.Multicall(short(t), []string{w.b.Node, other.Node}, "erlang", "node")
		for i, name := range []string{w.b.Node, other.Node} {
			if results[i].Err != nil || results[i].Value != any(atom(name)) {
				t.Errorf("multicall: %+v", results[i])
			}
		}
		if err := w.n.Cast(short(t), w.b.Node, "erlang", "register", atom("x"), int64(1)); err != nil {
			t.Error(err)
		}
	})
}

// echoServer is a gen_server for calls in both directions.
const echoServer = `
-module(echo_server).
-behaviour(gen_server).
-export([start/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).
start() -> gen_server:start({local, echo}, echo_server, [], []).
init(_) -> {ok, none}.
handle_call({late, Ms}, From, S) -> timer:send_after(Ms, {late, From}), {noreply, S};
handle_call(crash, _, _) -> exit(crashed);
handle_call(last, _, S) -> {reply, S, S};
handle_call(X, _, S) -> {reply, {echo, X}, S}.
handle_cast(X, _) -> {noreply, X}.
handle_info({late, From}, S) -> gen_server:reply(From, late), {noreply, S};
handle_info(X, _) -> {noreply, X}.
`

func TestInteropWeCallGenServer(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		w.b.Load(t, echoServer)
		w.b.Eval(t, `{ok, _} = echo_server:start().`)
		call := func(req etf.Term) (etf.Term, error) {
			ctx, cancel := context.WithTimeout(t.Context(), slack*time.Second)
			defer cancel()
			return w.n.GenCall(ctx, w.b.Node, "echo", req)
		}
		if got, err := call(int64(1)); err != nil || etf.String(got) != "{echo,1}" {
			t.Errorf("%s %v", etf.String(got), err)
		}
		if err := w.n.GenCast(short(t), w.b.Node, "echo", atom("casted")); err != nil {
			t.Error(err)
		}
		if got, err := call(atom("last")); err != nil || got != any(atom("casted")) {
			t.Errorf("after the cast: %v %v", got, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := w.n.GenCall(ctx, w.b.Node, "echo", tuple(atom("late"), int64(800))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("late reply: %v", err)
		}
		if got, err := call(tuple(atom("late"), int64(1000))); err != nil || got != any(atom("late")) {
			t.Errorf("delayed reply: %v %v", got, err)
		}
		var remote *RemoteError
		if _, err := call(atom("crash")); !errors.As(err, &remote) || etf.String(remote.Reason) != "crashed" {
			t.Errorf("crash: %v", err)
		}
		if _, err := call(int64(1)); !errors.Is(err, ErrNoProc) {
			t.Errorf("gone: %v", err)
		}
	})
}

func TestInteropWeAskSeveral(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		other := w.beam(t, "other")
		r := w.n.SendRequest(short(t), w.b.Node, "timer", "sleep", int64(1000))
		brief, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := r.Response(brief); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if v, err := r.Response(short(t)); err != nil || v != etf.Term(atom("ok")) {
			t.Error(v, err)
		}
		gone := w.n.SendRequest(short(t), w.b.Node, "erlang", "apply", atom("timer"), atom("sleep"), etf.List{int64(60_000)})
		gone.Abandon()
		if _, err := gone.Response(short(t)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		peers := []string{w.b.Node, w.kind.name("none"), other.Node}
		got := w.n.GenMulticall(short(t), peers, "net_kernel", tuple(atomIsAuth, atom(w.n.Name())))
		if got[0].Value != etf.Term(atomYes) || got[2].Value != etf.Term(atomYes) || !errors.Is(got[1].Err, ErrNotRegistered) {
			t.Errorf("results %+v", got)
		}
		for _, r := range w.n.Multicall(short(t), []string{w.b.Node, other.Node}, "erlang", "node") {
			if r.Value != etf.Term(atom(r.Node)) {
				t.Errorf("result %+v", r)
			}
		}
	})
}

func TestInteropTheyCallGenServer(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		startAdder(t, w.n, "adder")
		w.connect(t)
		w.ask(t, `gen_server:call({adder, GO}, 1).`, "2")
		w.ask(t, `gen_server:multi_call([GO], adder, 1) =:= {[{GO, 2}], []}.`, "true")
		w.ask(t, `gen_server:multi_call([GO, node()], adder, 1, 2000) =:= {[{GO, 2}], [node()]}.`, "true")
		w.ask(t, `gen_server:wait_response(gen_server:send_request({adder, GO}, 4), 2000).`, "{reply,5}")
		w.ask(t, `catch gen_server:call({adder, GO}, silence, 100), receive X -> X after 100 -> nothing end.`, "nothing")
		w.ask(t, `try gen_server:call({nobody, GO}, 1) catch exit:{noproc, _} -> noproc end.`, "noproc")
		w.ask(t, `try gen_server:call({adder, GO}, crash) catch exit:{crashed, _} -> crashed end.`, "crashed")
		w.ask(t, `try gen_server:call({adder, GO}, 1) catch exit:{noproc, _} -> noproc end.`, "noproc")
		startAdder(t, w.n, "adder")
		w.ask(t, `gen_server:call({adder, GO}, 2).`, "3")
		w.ask(t, `try gen_server:call({global_name_server, GO}, get_known) catch exit:{noproc, _} -> noproc end.`, "noproc")
		w.ask(t, `{_, Bad} = gen_server:multi_call([GO], pg, x), Bad =:= [GO].`, "true")
		w.ask(t, `catch global:set_lock({x, self()}, [node(), GO], 0).`, "true")
	})
}
