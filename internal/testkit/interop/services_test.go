//go:build interop

package interop

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// script evaluates expressions on a BEAM node in which $F is the first Fjord
// node, $B the second BEAM node and $Z the second Fjord node.
func (w *world) script(t *testing.T, b *testkit.BEAM, pairs ...[2]string) {
	t.Helper()
	for _, pair := range pairs {
		b.Expect(t, w.fill(pair[0]), w.fill(pair[1]))
	}
}

func (w *world) fill(text string) string {
	return strings.NewReplacer("$F", "'"+w.fjords[0].Node+"'", "$Z", "'"+w.fjords[1].Node+"'", "$B", "'"+w.beams[1].Node+"'").Replace(text)
}

// until waits until an expression is true on a BEAM node.
func (w *world) until(t *testing.T, b *testkit.BEAM, limit time.Duration, expr string) {
	t.Helper()
	expr = w.fill(expr)
	testkit.Within(t, limit, b.Node+": "+expr, func() bool { return b.Eval(t, expr) == "true" })
}

// forever registers a process that does nothing.
const forever = `S = self(), spawn(fun() -> register(%s, self()), S ! ready, receive stop -> ok end end), receive ready -> ok end.`

// TestServices: names, groups and calls work both ways.
func TestServices(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		for name, part := range map[string]func(*testing.T, *world){
			"nodes": nodes, "global": globalNames, "locks": locks, "pg": groups, "rpc": remoteCalls, "gen_server": genServer,
		} {
			t.Run(name, func(t *testing.T) { part(t, w) })
		}
	})
}

func nodes(t *testing.T, w *world) {
	w.everybodyPings(t)
	for _, b := range w.beams {
		w.script(t, b, [][2]string{
			{`lists:sort(nodes(connected)) =:= lists:sort(nodes(visible)).`, `true`},
			{`nodes(hidden).`, `[]`},
			{`[erpc:call(N, erlang, node, []) =:= N || N <- [$F, $Z, $B]].`, `[true,true,true]`},
			{`{ok, L} = net_adm:names("127.0.0.1"), [N || {N, _} <- L] -- [N || {N, _} <- L, not is_list(N)] =:= [N || {N, _} <- L].`, `true`},
		}...)
	}
}

func globalNames(t *testing.T, w *world) {
	for i, b := range w.beams {
		b.Eval(t, fmt.Sprintf(forever, "named"))
		name := fmt.Sprintf("{name,%d}", i)
		w.script(t, b, [2]string{"global:register_name(" + name + ", whereis(named)).", "yes"})
		w.script(t, b, [2]string{"global:register_name(" + name + ", whereis(named)).", "no"})
		for _, other := range w.beams {
			w.script(t, other, [2]string{"node(global:whereis_name(" + name + ")) =:= '" + b.Node + "'.", "true"})
		}
		w.script(t, b, [][2]string{
			{"[erpc:call(N, echo, whereis, [" + name + "]) =:= whereis(named) || N <- [$F, $Z]].", "[true,true]"},
			{"whereis(named) ! stop, ok.", "ok"},
		}...)
		w.until(t, b, time.Second, "[erpc:call(N, echo, whereis, ["+name+"]) || N <- [$F, $Z]] =:= [undefined, undefined].")
	}
	w.script(t, w.beams[0], [][2]string{
		{"P = erpc:call($F, echo, register, [<<\"ours\">>]), P =:= global:whereis_name(<<\"ours\">>).", "true"},
		{"erpc:call($B, global, whereis_name, [<<\"ours\">>]) =:= erpc:call($Z, echo, whereis, [<<\"ours\">>]).", "true"},
		{"global:send(<<\"ours\">>, {echo, self(), hi}), receive {_, X} -> X after 3000 -> none end.", "hi"},
		{"try erpc:call($Z, echo, register, [<<\"ours\">>]) catch error:_ -> taken end.", "taken"},
		{"global:re_register_name(<<\"ours\">>, self()), erpc:call($F, echo, whereis, [<<\"ours\">>]) =:= self().", "true"},
		{"erpc:call($F, echo, register, [second]), erpc:call($Z, echo, unregister, [second]), global:whereis_name(second).", "undefined"},
		{"gen_server:call({global, {echo, $Z}}, {echo, x}).", "x"},
	}...)
}

func locks(t *testing.T, w *world) {
	w.script(t, w.beams[0], [][2]string{
		{"global:trans({res, self()}, fun() -> done end).", "done"},
		{"global:set_lock({res, self()}), erpc:call($B, global, set_lock, [{res, other}, [node() | nodes()], 0]).", "false"},
		{"[global:trans({N, self()}, fun() -> N end) || N <- lists:seq(1, 20)] =:= lists:seq(1, 20).", "true"},
	}...)
	w.script(t, w.beams[1], [2]string{"global:trans({res, self()}, fun() -> done end).", "done"})
}

func groups(t *testing.T, w *world) {
	beams := w.groupBeams()
	for _, b := range beams {
		w.script(t, b, [2]string{"S = self(), spawn(fun() -> {ok, _} = pg:start(pg), S ! ok, receive after infinity -> ok end end), receive ok -> ok end.", "ok"})
		b.Eval(t, fmt.Sprintf(forever, "member"))
		w.script(t, b, [2]string{"pg:join(g, [whereis(member), whereis(member)]).", "ok"})
	}
	w.script(t, beams[0], [2]string{"[is_pid(erpc:call(N, echo, join, [g])) || N <- [$F, $Z, $Z]].", "[true,true,true]"})
	everybody := func(count int) {
		t.Helper()
		for _, b := range beams {
			w.until(t, b, 2*time.Second, fmt.Sprintf(
				"M = lists:sort(pg:get_members(g)), length(M) =:= %d andalso [M, M] =:= [lists:sort(erpc:call(N, echo, members, [g])) || N <- [$F, $Z]].", count))
		}
	}
	everybody(2*len(beams) + 3)
	w.script(t, beams[1], [2]string{"pg:leave(g, whereis(member)).", "ok"})
	everybody(2*len(beams) + 2)
	w.script(t, beams[1], [2]string{"[P ! {exit, x} || P <- pg:get_members(g), node(P) =:= $Z], exit(whereis(member), kill).", "true"})
	everybody(2*len(beams) - 1)
	w.script(t, beams[0], [2]string{"lists:member(g, pg:which_groups()) andalso is_pid(whereis(pg)).", "true"})
}

// groupBeams are the BEAM nodes whose pg scopes can live together: that of OTP 29
// ends those of OTP 25 and older with a message they do not know.
func (w *world) groupBeams() []*testkit.BEAM {
	var recent []*testkit.BEAM
	newest := false
	for i, b := range w.beams {
		if n, err := strconv.Atoi(w.otps[i].Release); err == nil && n >= 27 {
			recent = append(recent, b)
			newest = newest || n >= 28
		}
	}
	if newest && len(recent) > 1 {
		return recent
	}
	return w.beams
}

func remoteCalls(t *testing.T, w *world) {
	for _, b := range w.beams {
		w.script(t, b, [][2]string{
			{"rpc:call($F, echo, echo, [#{a => [1, 2.0]}]).", "#{a => [1,2.0]}"},
			{"erpc:call($F, echo, echo, [x], 3000).", "x"},
			{"rpc:multicall([$F, $Z], echo, echo, [y]).", "{[y,y],[]}"},
			{"[element(1, R) || R <- erpc:multicall([$F, $B, $Z], erlang, node, [])].", "[ok,ok,ok]"},
			{"R = erpc:send_request($Z, echo, sleep, [50]), erpc:receive_response(R, 5000).", "ok"},
			{"try erpc:call($F, echo, sleep, [3000], 50) catch error:{erpc, timeout} -> timeout end.", "timeout"},
			{"rpc:call($F, no, such, []).", "{badrpc,{'EXIT',{undef,[{no,such,[],[]}]}}}"},
			{"try erpc:call($F, echo, fail, [throw, ball]) catch throw:X -> X end.", "ball"},
			{"rpc:call($F, echo, fail, [error, bad]) =:= {badrpc, {'EXIT', {bad, []}}} orelse element(1, rpc:call($F, echo, fail, [error, bad])).", "badrpc"},
			{"ok = erpc:cast($F, echo, echo, [1]), true = rpc:cast($F, echo, echo, [1]).", "true"},
			{"K = rpc:async_call($F, echo, echo, [later]), rpc:yield(K).", "later"},
			// Ours calls theirs.
			{"erpc:call($F, echo, call, [node(), lists, reverse, [[1, 2, 3]], 3000]).", "{ok,[3,2,1]}"},
			{"erpc:call($F, echo, call, [node(), erlang, exit, [why], 3000]).", "{exit,why}"},
			{"erpc:call($F, echo, call, [node(), erlang, throw, [why], 3000]).", "{throw,why}"},
			{"erpc:call($F, echo, call, [node(), erlang, error, [why], 3000]).", "{error,why}"},
			{"erpc:call($F, echo, call, [node(), no, such, [], 3000]).", "{error,undef}"},
			{"erpc:call($F, echo, call, [node(), timer, sleep, [3000], 50]).", "{error,timeout}"},
			{"erpc:call($F, echo, call, [$Z, echo, echo, [far], 3000]).", "{ok,far}"},
			{"erpc:call($F, echo, call, ['none@localhost', echo, echo, [far], 3000]).", "{error,noconnection}"},
		}...)
	}
}

// slowServer is a gen_server, made of functions, that answers {sleep, Ms, X} late.
const slowServer = `S = self(), spawn(fun() -> register(slow, self()), S ! ready, (fun L() -> receive
	{'$gen_call', _, {die, R}} -> exit(R); {'$gen_call', From, {sleep, Ms, X}} -> timer:sleep(Ms), gen:reply(From, X), L();
	{'$gen_call', From, X} -> gen:reply(From, {got, X}), L();
	{'$gen_cast', {crash, R}} -> exit(R) end end)() end), receive ready -> true end.`

func genServer(t *testing.T, w *world) {
	for _, b := range w.beams {
		w.script(t, b, [][2]string{
			{"gen_server:call({echo, $F}, {echo, hi}).", "hi"},
			{"gen_server:multi_call([$F, $Z], echo, {echo, hi}) =:= {[{$F, hi}, {$Z, hi}], []}.", "true"},
			{"gen_server:call({nobody, $F}, hi) =:= x.", w.noproc("nobody")},
			// A late reply does not get into the caller's mailbox, unless its release is
			// older than aliases.
			{"try gen_server:call({echo, $F}, {delay, 200, late}, 20) catch exit:{timeout, _} -> receive {_, late} -> not erlang:function_exported(erlang, alias, 0) after 500 -> true end end.", "true"},
			{slowServer, "true"},
			{"erpc:call($F, echo, gen_call, [node(), slow, hi, 3000]).", "{ok,{got,hi}}"},
			{"erpc:call($F, echo, gen_call, [node(), slow, {sleep, 800, late}, 50]).", "{error,timeout}"},
			{"erpc:call($F, echo, gen_call, [node(), slow, next, 3000]).", "{ok,{got,next}}"},
			{"erpc:call($F, echo, gen_call, [node(), nobody, hi, 3000]).", "{error,noproc}"},
			{"M = monitor(process, slow), gen_server:cast(slow, {crash, oops}), receive {'DOWN', M, process, _, R} -> R after 3000 -> none end.", "oops"},
			{slowServer, "true"},
			{"erpc:call($F, echo, gen_call, [node(), slow, {die, {bad, end_}}, 3000]).", "{exit,{bad,end_}}"},
			{slowServer, "true"},
			{"erpc:call($F, echo, gen_call, [node(), slow, {die, normal}, 3000]).", "{exit,normal}"},
		}...)
	}
}

// noproc is what the evaluator prints for a call to a name that nobody has.
func (w *world) noproc(name string) string {
	return "{'EXCEPTION',exit,{noproc,{gen_server,call,[{" + name + "," + w.fjords[0].Node + "},hi]}}}"
}
