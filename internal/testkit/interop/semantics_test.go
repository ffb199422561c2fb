//go:build interop

package interop

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// semantic is an expression of a process on a BEAM node, and its value.
type semantic struct {
	since      int // the first OTP release that has what it uses
	expr, want string
}

// TestSemantics goes through what OTP's manual says of processes that talk to
// processes of another node, for a BEAM node of each release with a Fjord node.
func TestSemantics(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		for name, list := range map[string][]semantic{
			"spawn": spawns(), "alias": aliases(), "link": linking(), "monitor": monitoring(), "exit": exits(),
			"send": sending(), "request": requests(), "rpc": rpcs(), "lock": locking(), "node": nodeCalls(),
		} {
			t.Run(name, func(t *testing.T) {
				for i, otp := range w.otps {
					if slices.Index(w.otps, otp) == i {
						w.holds(t, w.beams[i], otp, list)
					}
				}
			})
		}
	})
}

func (w *world) holds(t *testing.T, b *testkit.BEAM, otp testkit.OTP, list []semantic) {
	t.Helper()
	release, err := strconv.Atoi(otp.Release)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if release >= s.since {
			expr := strings.NewReplacer("$WAIT", "after 3000 -> none end", "$QUIET", "after 150 -> quiet end").Replace(s.expr)
			w.script(t, b, [2]string{expr, s.want})
		}
	}
}

// spawns are requests to spawn a function of the Fjord node.
func spawns() []semantic {
	const trap = "process_flag(trap_exit, true), "
	return []semantic{
		{23, trap + "R = spawn_request($F, echo, echo, [1], [link, monitor, {reply_tag, t}]), P = receive {t, R, ok, X} -> X end, true = node(P) =:= $F, A = receive {'EXIT', P, Y} -> Y $WAIT, B = receive {'DOWN', R, process, P, Z} -> Z $WAIT, {A, B}.", "{normal,normal}"},
		{23, trap + "R = spawn_request($F, echo, fail, [exit, x], [link, monitor]), P = receive {spawn_reply, R, ok, X} -> X end, A = receive {'EXIT', P, Y} -> Y $WAIT, B = receive {'DOWN', R, process, P, Z} -> Z $WAIT, {A, B}.", "{x,x}"},
		{23, "R = spawn_request($F, echo, fail, [error, x], [monitor, {reply, error_only}]), receive {'DOWN', R, process, _, {Z, S}} when is_list(S) -> Z; M -> M $WAIT.", "x"},
		{23, "R = spawn_request($F, echo, fail, [throw, x], [monitor, {reply, no}]), receive {'DOWN', R, process, _, {Z, _}} -> Z; M -> M $WAIT.", "{nocatch,x}"},
		{23, "R = spawn_request($F, echo, sleep, [100], [{reply, success_only}]), receive {spawn_reply, R, ok, P} -> node(P) =:= $F $WAIT.", "true"},
		{23, "R = spawn_request($F, echo, sleep, [60000], [monitor]), P = receive {spawn_reply, R, ok, X} -> X end, exit(P, kill), receive {'DOWN', R, process, P, Z} -> Z $WAIT.", "killed"},
		{23, "R = spawn_request($F, echo, sleep, [60000], [link]), P = receive {spawn_reply, R, ok, X} -> X end, unlink(P), M = monitor(process, P), exit(P, bye), receive {'DOWN', M, process, P, Z} -> Z $WAIT.", "bye"},
		{23, "R = spawn_request($F, echo, sleep, [60000], [monitor]), A = spawn_request_abandon(R), B = receive {spawn_reply, R, ok, _} -> came $QUIET, lists:member({A, B}, [{true, quiet}, {false, came}]).", "true"},
		{23, "R = spawn_request($F, echo, sleep, [1], [{min_heap_size, 1000}, {priority, high}, {message_queue_data, off_heap}, {fullsweep_after, 5}, monitor]), receive {'DOWN', R, _, _, Z} -> Z $WAIT.", "normal"},
		{23, "P = spawn_opt($F, echo, sleep, [60000], []), M = monitor(process, P), exit(P, a), receive {'DOWN', M, _, _, Z} -> Z $WAIT.", "a"},
		{24, "{P, M} = spawn_opt($F, echo, sleep, [1], [{monitor, [{tag, mine}]}]), receive {mine, M, process, P, Z} -> Z $WAIT.", "normal"},
		{25, "R = spawn_request($F, echo, sleep, [1], [{monitor, [{alias, explicit_unalias}]}]), receive {'DOWN', R, process, _, Z} -> Z $WAIT.", "normal"},
		// Spawned and ended faster than the link comes: no signal is lost.
		{23, trap + "[receive {'EXIT', P, normal} -> ok after 3000 -> P end || P <- [spawn_link($F, echo, echo, [N]) || N <- lists:seq(1, 100)]] =:= lists:duplicate(100, ok).", "true"},
	}
}

// aliases are references that can be sent to. W is a worker of the Fjord node.
func aliases() []semantic {
	return []semantic{
		{24, worker + "A = alias([reply]), W ! {tell, A, 1}, W ! {tell, A, 2}, W ! {echo, self(), end_}, [receive X -> X $WAIT, receive {W, Y} -> Y; Y -> Y $WAIT].", "[1,end_]"},
		{24, worker + "A = alias(), W ! {tell, A, 1}, W ! {tell, A, 2}, R = [receive X -> X $WAIT, receive Y -> Y $WAIT], unalias(A), W ! {tell, A, 3}, {R, receive Z -> Z $QUIET}.", "{[1,2],quiet}"},
		{24, worker + "M = monitor(process, W, [{alias, reply_demonitor}]), W ! {tell, M, 1}, receive 1 -> ok end, W ! {tell, M, 2}, W ! {exit, x}, receive X -> X $QUIET.", "quiet"},
		{24, worker + "M = monitor(process, W, [{alias, demonitor}]), W ! {exit, x}, receive {'DOWN', M, _, _, x} -> ok end, V = erpc:call($F, echo, spawn_worker, []), V ! {tell, M, late}, receive X -> X $QUIET.", "quiet"},
		{24, worker + "A = alias(), W ! {tell, A, binary:copy(<<7>>, 1000000)}, receive B -> byte_size(B) $WAIT.", "1000000"},
		{24, worker + "{P, M} = spawn_monitor(fun() -> A = alias(), W ! {echo, self(), A}, receive {W, A} -> exit({alias, A}) end end), A = receive {'DOWN', M, _, P, {alias, X}} -> X end, W ! {tell, A, 1}, W ! {echo, self(), alive}, receive {W, Y} -> Y $WAIT.", "alive"},
		{28, worker + "A = alias([priority]), W ! {tell, A, 1}, receive X -> X $WAIT.", "1"},
	}
}

// linking has links from both sides, and their end.
func linking() []semantic {
	const trap = "process_flag(trap_exit, true), "
	const ask = "W ! {echo, self(), ok}, receive {W, ok} -> ok end, "
	return []semantic{
		{23, worker + trap + "link(W), link(W), unlink(W), W ! {exit, x}, receive X -> X $QUIET.", "quiet"},
		{23, worker + trap + "link(W), W ! {link, self()}, " + ask + "unlink(W), " + ask + "W ! {exit, x}, receive X -> X $QUIET.", "quiet"},
		{23, worker + trap + "link(W), W ! {link, self()}, W ! {unlink, self()}, " + ask + "W ! {exit, x}, receive X -> X $QUIET.", "quiet"},
		{23, worker + trap + "[begin link(W), unlink(W) end || _ <- lists:seq(1, 200)], link(W), " + ask + "W ! {exit, x}, receive {'EXIT', W, R} -> R $WAIT.", "x"},
		{23, worker + trap + "[begin W ! {link, self()}, W ! {unlink, self()} end || _ <- lists:seq(1, 200)], W ! {link, self()}, W ! {exit, x}, receive {'EXIT', W, R} -> R $WAIT.", "x"},
		// Both ends change their minds at once, many times. Afterwards one link decides.
		// Not so in OTP 23, whose UNLINK has no number: an end that believes in a link
		// that the other has taken off sends no LINK. Two nodes of 23 fail in one try of
		// twenty, too.
		{24, worker + trap + "[begin link(W), W ! {link, self()}, W ! {unlink, self()}, unlink(W) end || _ <- lists:seq(1, 200)], " + ask + "link(W), " + ask + "W ! {exit, x}, receive {'EXIT', W, R} -> R $WAIT.", "x"},
		{23, worker + trap + "[begin W ! {link, self()}, link(W), unlink(W), W ! {unlink, self()} end || _ <- lists:seq(1, 200)], " + ask + "unlink(W), " + ask + "W ! {exit, x}, receive X -> X $QUIET.", "quiet"},
		{23, worker + "M = monitor(process, W), spawn(fun() -> link(W), unlink(W), exit(bad) end), receive X -> X after 100 -> ok end, W ! {exit, y}, receive {'DOWN', M, _, _, R} -> R $WAIT.", "y"},
		{23, worker + "V = erpc:call($Z, echo, spawn_worker, []), M = monitor(process, V), V ! {link, W}, V ! {tell, W, {echo, self(), ok}}, receive {W, ok} -> W ! {exit, x} end, receive {'DOWN', M, _, _, R} -> R $WAIT.", "x"},
	}
}

// monitoring has monitors by pid and by name.
func monitoring() []semantic {
	return []semantic{
		{23, worker + "L = [monitor(process, W) || _ <- [1, 2, 3]], W ! {exit, x}, [receive {'DOWN', M, process, W, R} -> R $WAIT || M <- L].", "[x,x,x]"},
		{23, worker + "[A, B] = [monitor(process, W) || _ <- [1, 2]], demonitor(A), W ! {exit, x}, [receive {'DOWN', B, _, _, R} -> R $WAIT, receive X -> X $QUIET].", "[x,quiet]"},
		{23, worker + "M = monitor(process, W), W ! {exit, x}, receive {'DOWN', M, _, _, x} -> ok end, demonitor(M, [flush, info]).", "false"},
		{23, "M = monitor(process, {later, $F}), receive {'DOWN', M, process, {later, N}, R} -> {N =:= $F, R} $WAIT.", "{true,noproc}"},
		{24, worker + "M = monitor(process, W, [{tag, {my, tag}}]), W ! {exit, x}, receive {{my, tag}, M, process, W, R} -> R $WAIT.", "x"},
		{23, worker + "[demonitor(monitor(process, W)) || _ <- lists:seq(1, 300)], M = monitor(process, W), W ! {exit, x}, receive {'DOWN', N, _, _, R} -> {M =:= N, R} $WAIT.", "{true,x}"},
		// Ours watches a name that somebody has later: that one is not watched.
		{23, worker + "W ! {monitor, {tardy, node()}, self()}, A = receive {down, W, {tardy, _}, R} -> R $WAIT, register(tardy, spawn(fun() -> receive stop -> ok end end)), exit(whereis(tardy), kill), {A, receive X -> X $QUIET}.", "{noproc,quiet}"},
	}
}

// exits are exit signals, with large and odd reasons too.
func exits() []semantic {
	const trap = "process_flag(trap_exit, true), "
	const to = "S = {echo, $F}, "
	return []semantic{
		{23, worker + "M = monitor(process, W), R = {big, binary:copy(<<1>>, 1000000)}, exit(W, R), receive {'DOWN', M, _, _, X} -> X =:= R $WAIT.", "true"},
		{23, worker + trap + "link(W), R = lists:seq(1, 100000), W ! {exit, R}, receive {'EXIT', W, X} -> X =:= R $WAIT.", "true"},
		{23, worker + "M = monitor(process, W), R = {make_ref(), self(), fun(X) -> X end, #{a => <<5:3>>}}, exit(W, R), receive {'DOWN', M, _, _, Y} -> Y =:= R $WAIT.", "true"},
		{23, worker + trap + "spawn_link(fun() -> link(W), receive after infinity -> ok end end), W ! {trap, self()}, W ! {echo, self(), ok}, receive {W, ok} -> ok end, exit(W, kill), M = monitor(process, W), receive {'DOWN', M, _, _, R} -> lists:member(R, [killed, noproc]); {trapped, W, _, _} -> trapped $WAIT.", "true"},
		// Ours sends them.
		{23, to + "{P, M} = spawn_monitor(fun() -> receive X -> exit({got, X}) end end), gen_server:call(S, {exit, P, normal}), P ! a, receive {'DOWN', M, _, _, R} -> R $WAIT.", "{got,a}"},
		{23, to + trap + "gen_server:call(S, {exit, self(), normal}), receive {'EXIT', P, R} -> {node(P) =:= $F, R} $WAIT.", "{true,normal}"},
		{23, to + "{P, M} = spawn_monitor(fun() -> process_flag(trap_exit, true), receive after infinity -> ok end end), gen_server:call(S, {exit, P, kill}), receive {'DOWN', M, _, _, R} -> R $WAIT.", "killed"},
		{23, to + trap + "R = {big, binary:copy(<<1>>, 1000000)}, gen_server:call(S, {exit, self(), R}), receive {'EXIT', _, X} -> X =:= R $WAIT.", "true"},
		{23, to + "P = spawn(fun() -> ok end), timer:sleep(10), gen_server:call(S, {exit, P, kill}).", "ok"},
		// Signals of one process stay in order, of whatever kind they are.
		{23, worker + "W ! {trap, self()}, exit(W, one), W ! {tell, self(), two}, exit(W, {three, binary:copy(<<0>>, 200000)}), W ! {tell, self(), four}, [receive {trapped, _, _, {T, _}} -> T; {trapped, _, _, T} -> T; T -> T $WAIT || _ <- [1, 2, 3, 4]].", "[one,two,three,four]"},
		{23, worker + "M = monitor(process, W), [W ! {tell, self(), N} || N <- lists:seq(1, 50)], W ! {exit, x}, L = (fun G(A) -> receive {'DOWN', M, _, _, _} -> lists:reverse(A); N -> G([N | A]) after 3000 -> none end end)([]), L =:= lists:seq(1, 50).", "true"},
	}
}

// sending has messages in all the ways that there are to send one.
func sending() []semantic {
	return []semantic{
		{23, "erlang:send({nobody, $F}, hi), erlang:send({nobody, $F}, hi, [nosuspend, noconnect]).", "ok"},
		{23, worker + "erlang:send_nosuspend(W, {echo, self(), hi}), receive {W, X} -> X $WAIT.", "hi"},

		{23, worker + "seq_trace:set_token(label, 17), seq_trace:set_token(send, true), W ! {echo, self(), hi}, X = receive {W, Y} -> Y $WAIT, gen_server:call({echo, $F}, {echo, X}).", "hi"},
		{23, worker + "seq_trace:set_token(label, #{big => label}), M = monitor(process, W), exit(W, traced), receive {'DOWN', M, _, _, R} -> R $WAIT.", "traced"},
		{23, "seq_trace:set_token(label, 1), erpc:call($F, echo, echo, [traced]).", "traced"},
		{23, "abcast = gen_server:abcast([$F, $Z], echo, {tell, self(), hi}), [receive X -> X $WAIT || _ <- [1, 2]].", "[hi,hi]"},
		{23, "gen_event:notify({nobody, $F}, hi), gen_statem:cast({echo, $F}, {tell, self(), stat}), receive X -> X $WAIT.", "stat"},
		{23, "gen_statem:call({echo, $F}, {echo, hi}, 3000).", "hi"},
		{23, worker + "B = binary:copy(<<1>>, 300000), [W ! {echo, self(), {N, B}} || N <- lists:seq(1, 20)], [receive {W, {N, C}} when byte_size(C) =:= 300000 -> N $WAIT || N <- lists:seq(1, 20)] =:= lists:seq(1, 20).", "true"},
		{23, worker + "GL = group_leader(), group_leader(W, self()), X = group_leader() =:= W, group_leader(GL, self()), X.", "true"},
		{23, worker + "true = (catch erlang:group_leader(self(), W)), W ! {echo, self(), hi}, receive {W, X} -> X $WAIT.", "hi"},
	}
}

// again waits until the server echo, which has ended, is there again.
const again = "(fun U(0) -> late; U(N) -> case rpc:call($F, erlang, whereis, [echo]) of undefined -> timer:sleep(20), U(N - 1); _ -> ok end end)(400), "

// requests are calls of gen_server in all their forms.
func requests() []semantic {
	return []semantic{
		{23, "R = gen_server:send_request({echo, $F}, {echo, hi}), gen_server:wait_response(R, 3000).", "{reply,hi}"},
		{24, "R = gen_server:send_request({echo, $F}, {delay, 900, hi}), timeout = gen_server:wait_response(R, 10), gen_server:receive_response(R, 9000).", "{reply,hi}"},
		{24, "R = gen_server:send_request({echo, $F}, {delay, 900, hi}), {gen_server:receive_response(R, 10), receive X -> X after 1100 -> quiet end}.", "{timeout,quiet}"},
		{23, "R = gen_server:send_request({nobody, $F}, hi), element(1, gen_server:wait_response(R, 3000)).", "error"},
		{25, "C = lists:foldl(fun(N, C) -> gen_server:send_request({echo, $F}, {delay, 30 * (4 - N), N}, N, C) end, gen_server:reqids_new(), [1, 2, 3]), lists:sort((fun G(_, []) -> []; G(D, [_ | T]) -> {{reply, X}, X, E} = gen_server:receive_response(D, 3000, true), [X | G(E, T)] end)(C, [1, 2, 3])).", "[1,2,3]"},
		// Some nodes answer late, some are not there.
		{23, "{R, B} = gen_server:multi_call([$F, 'none@localhost', $Z], echo, {delay, 1200, x}, 50), {R, length(B), receive X -> X after 1400 -> quiet end}.", "{[],3,quiet}"},
		{23, "{R, B} = gen_server:multi_call([$F, 'none@localhost', $Z], echo, {echo, x}, 3000), {length(R), B}.", "{2,[none@localhost]}"},
		{23, "{R, B} = gen_server:multi_call([$F, $Z], nobody, x), {R, length(B)}.", "{[],2}"},
		{23, "try gen_server:call({echo, $F}, {crash, boom}) catch exit:{R, {gen_server, call, _}} -> R end.", "boom"},
		{23, again + "M = monitor(process, {echo, $F}), ok = gen_server:call({echo, $F}, stop), receive {'DOWN', M, _, _, R} -> R $WAIT.", "normal"},
		{23, again + "gen_server:call({echo, $F}, no_such_request).", "{error,unknown_request}"},
	}
}

// rpcs are calls of rpc and erpc in all their forms.
func rpcs() []semantic {
	return []semantic{
		{23, "rpc:block_call($F, echo, echo, [x]).", "x"},
		{23, "rpc:block_call($F, echo, fail, [exit, x]).", "{badrpc,{'EXIT',x}}"},
		{23, "rpc:call($F, echo, fail, [throw, x]).", "x"},
		{23, "rpc:call($F, echo, sleep, [3000], 50).", "{badrpc,timeout}"},
		{23, "rpc:block_call($F, echo, sleep, [3000], 50).", "{badrpc,timeout}"},
		{23, "{rpc:multicall([$F, 'none@localhost', $Z], echo, echo, [y], 3000)}.", "{{[y,y],[none@localhost]}}"},
		{23, "rpc:abcast([$F, $Z], echo, {'$gen_cast', {tell, self(), cast}}), [receive X -> X $WAIT || _ <- [1, 2]].", "[cast,cast]"},
		{23, "rpc:sbcast([$F], echo, {'$gen_cast', {tell, self(), cast}}) =:= {[$F], []}, receive X -> X $WAIT.", "cast"},
		{23, "rpc:sbcast([$F], nobody, hi) =:= {[], [$F]}.", "true"},
		{23, "rpc:eval_everywhere([$F], echo, echo, [1]), rpc:call($F, echo, echo, [2]).", "2"},
		{23, "K = rpc:async_call($F, echo, sleep, [900]), timeout = rpc:nb_yield(K, 10), rpc:nb_yield(K, 9000).", "{value,ok}"},
		{23, "R = erpc:send_request($F, echo, sleep, [900]), no_response = erpc:wait_response(R, 10), erpc:wait_response(R, 9000).", "{response,ok}"},
		{23, "R = erpc:send_request($F, echo, sleep, [900]), try erpc:receive_response(R, 10) catch error:E -> {E, receive X -> X after 1100 -> quiet end} end.", "{{erpc,timeout},quiet}"},
		{23, "[element(1, R) || R <- erpc:multicall([$F, 'none@localhost', $Z], echo, sleep, [2000], 40)].", "[error,error,error]"},
		{23, "erpc:multicast([$F, $Z], echo, echo, [1]).", "ok"},
		{23, "try erpc:call($F, echo, echo, not_a_list) catch error:E -> E end.", "{erpc,badarg}"},
		{23, "try erpc:call('none@localhost', echo, echo, [1]) catch error:E -> E end.", "{erpc,noconnection}"},
		{25, "C = lists:foldl(fun(N, C) -> erpc:send_request($F, echo, echo, [N], N, C) end, erpc:reqids_new(), [1, 2, 3]), lists:sort((fun G(D) -> case erpc:receive_response(D, 3000, true) of {X, X, E} -> [X | G(E)]; no_request -> [] end end)(C)).", "[1,2,3]"},
	}
}

// locking has locks and transactions of global.
func locking() []semantic {
	return []semantic{
		{23, "Id = {semres, one}, true = global:set_lock(Id, [$F]), A = global:trans({semres, self()}, fun() -> in end, [$F], 0), global:del_lock(Id, [$F]), {A, global:trans({semres, self()}, fun() -> in end, [$F], 0)}.", "{aborted,in}"},
		{23, "Id = {semres, one}, S = self(), spawn(fun() -> S ! global:set_lock(Id, [$F]), timer:sleep(200), global:del_lock(Id, [$F]) end), receive true -> ok end, global:del_lock({semres, two}, [$F]), global:trans({semres, self()}, fun() -> in end, [$F], 20).", "in"},
		{23, "{P, M} = spawn_monitor(fun() -> true = global:set_lock({semres, dies}, [$F, node()]) end), receive {'DOWN', M, _, P, _} -> ok end, global:trans({semres, self()}, fun() -> in end, [$F, node()], 10).", "in"},
		{23, "true = global:set_lock({semres, shared}, [$F]), {P, M} = spawn_monitor(fun() -> exit(global:set_lock({semres, shared}, [$F], 0)) end), A = receive {'DOWN', M, _, P, R} -> R end, B = global:set_lock({semres, other}, [$F], 0), global:del_lock({semres, shared}, [$F]), C = global:set_lock({semres, other}, [$F], 10), global:del_lock({semres, other}, [$F]), {A, B, C}.", "{true,false,true}"},
		{23, "try global:trans({semres, self()}, fun() -> exit(oops) end) catch exit:R -> {R, global:set_lock({semres, next}, [node() | nodes()], 10), global:del_lock({semres, next})} end.", "{oops,true,true}"},
		{23, worker + "yes = global:register_name({sem, W}, W, fun global:notify_all_name/3), A = erpc:call($Z, echo, whereis, [{sem, W}]) =:= W, W ! {exit, x}, M = monitor(process, W), receive {'DOWN', M, _, _, _} -> ok end, {A, (fun U(0) -> late; U(N) -> case {global:whereis_name({sem, W}), erpc:call($Z, echo, whereis, [{sem, W}])} of {undefined, undefined} -> gone; _ -> timer:sleep(20), U(N - 1) end end)(400)}.", "{true,gone}"},
		{23, "yes = global:register_name({sem, a, node()}, self()), A = global:register_name({sem, b, node()}, self()), ok = global:unregister_name({sem, a, node()}), {A, erpc:call($F, echo, whereis, [{sem, a, node()}])}.", "{no,undefined}"},
		{23, "lists:all(fun(N) -> gen_server:call({global_name_server, N}, get_protocol_version) >= 5 end, [$F, $Z, $B]).", "true"},
	}
}

// nodeCalls are about the nodes themselves.
func nodeCalls() []semantic {
	return []semantic{
		{23, "monitor_node($F, true), monitor_node($F, true), monitor_node($F, false), monitor_node($F, false), receive X -> X $QUIET.", "quiet"},
		{23, "monitor_node('none@localhost', true), receive {nodedown, N} -> N $WAIT.", "none@localhost"},
		{23, "{lists:member($F, nodes()), lists:member($F, nodes(visible)), lists:member($F, nodes(hidden)), lists:member($F, nodes(known)), lists:member($F, nodes(connected))}.", "{true,true,false,true,true}"},
		{23, "{ok, L} = net_kernel:node_info($F), [proplists:get_value(K, L) || K <- [state, type]].", "[up,normal]"},
		{23, "{net_kernel:connect_node($F), net_kernel:hidden_connect_node($F), net_adm:ping($F)}.", "{true,true,pong}"},
		{23, "P = erpc:call($F, erlang, whereis, [echo]), {binary_to_term(term_to_binary(P)) =:= P, is_pid(P), node(P) =:= $F, P =:= list_to_pid(pid_to_list(P))}.", "{true,true,true,true}"},
		{23, "gen_server:call({net_kernel, $F}, {is_auth, node()}).", "yes"},
		{23, "erlang:set_cookie($F, monster), net_kernel:allow([]), net_adm:ping($F).", "pong"},
	}
}
