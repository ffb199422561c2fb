%% The BEAM's side of the benchmarks of the node library. It measures with
%% erlang:monotonic_time, in compiled code, and is the same whichever kind of
%% node is at the other end.
-module(fjbench).
-behaviour(gen_server).
-export([start/0, init/1, handle_call/3, handle_cast/2, echo/1, slow/1]).
-export([gen_calls/2, requests/2, erpc_calls/3, to/4, behind/3, from/4, lookups/3]).
-export([sink/0, source/0]).

%% start makes the processes that the other end of a measurement needs.
start() ->
    {ok, _} = gen_server:start({local, echo}, ?MODULE, [], []),
    register(sink, spawn(?MODULE, sink, [])),
    register(source, spawn(?MODULE, source, [])),
    ok.

init([]) -> {ok, []}.
handle_call(Request, _From, State) -> {reply, Request, State}.
handle_cast(_, State) -> {noreply, State}.
echo(X) -> X.
slow(X) -> X.

%% gen_calls times N calls of a server: {p50, p99} in nanoseconds.
gen_calls(Node, N) -> each(fun() -> hello = gen_server:call({echo, Node}, hello) end, N).

%% requests is gen_calls without the monitor that a call makes and takes back.
requests(Node, N) ->
    each(fun() ->
        Tag = make_ref(),
        {echo, Node} ! {'$gen_call', {self(), Tag}, hello},
        receive {Tag, hello} -> ok after 5000 -> exit(timeout) end
    end, N).

%% erpc_calls does so for functions.
erpc_calls(Node, Fun, N) -> each(fun() -> hello = erpc:call(Node, ?MODULE, Fun, [hello]) end, N).

each(Call, N) ->
    inside(fun() ->
        [Call() || _ <- lists:seq(1, N div 10)],
        All = lists:sort([once(Call) || _ <- lists:seq(1, N)]),
        {lists:nth(N div 2, All), lists:nth(N * 99 div 100, All)}
    end).

once(Call) ->
    T = erlang:monotonic_time(nanosecond),
    Call(),
    erlang:monotonic_time(nanosecond) - T.

%% inside runs Fun in a fresh process, whose heap nothing else has used.
inside(Fun) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({value, Fun()}) end),
    receive {'DOWN', Ref, process, Pid, {value, V}} -> V; {'DOWN', Ref, process, Pid, R} -> exit(R) end.

%% to sends N binaries of Size bytes to the sink of Node, whose pid is asked
%% for first, and waits until it has them: nanoseconds.
to(Node, Size, N, _) ->
    inside(fun() ->
        {sink, Node} ! {whois, self()},
        Sink = receive {sink, Pid} -> Pid after 5000 -> exit(nosink) end,
        Bin = binary:copy(<<"x">>, Size),
        T = erlang:monotonic_time(nanosecond),
        send(Sink, Bin, N),
        Sink ! {last, self()},
        receive done -> ok after 120000 -> exit(timeout) end,
        erlang:monotonic_time(nanosecond) - T
    end).

send(_, _, 0) -> ok;
send(To, Msg, N) -> To ! Msg, send(To, Msg, N - 1).

%% behind lets the source of Node send N binaries of Size bytes here, and makes
%% calls to Node meanwhile: {slowest of them, their number}, in nanoseconds.
behind(Node, Size, N) ->
    inside(fun() ->
        Self = self(),
        Pid = spawn_link(fun() -> take(N), Self ! taken end),
        {source, Node} ! {send, Pid, Size, N},
        during(Node, 0, 0)
    end).

during(Node, Slowest, Count) ->
    T = once(fun() -> hello = gen_server:call({echo, Node}, hello, 60000) end),
    receive taken -> {max(T, Slowest), Count + 1}
    after 5 -> during(Node, max(T, Slowest), Count + 1)
    end.

sink() ->
    receive
        {whois, From} -> From ! {sink, self()};
        {last, From} -> From ! done;
        _ -> ok
    end,
    sink().

%% from lets the source of Node send N binaries here, and takes the time until
%% the last one is here: nanoseconds.
from(Node, Size, N, _) ->
    inside(fun() ->
        T = erlang:monotonic_time(nanosecond),
        {source, Node} ! {send, self(), Size, N},
        take(N),
        erlang:monotonic_time(nanosecond) - T
    end).

take(0) -> ok;
take(N) -> receive B when is_binary(B) -> take(N - 1) after 120000 -> exit(timeout) end.

source() ->
    receive {send, To, Size, N} -> send(To, binary:copy(<<"x">>, Size), N) end,
    source().

%% lookups asks the EPMD at Port for Name N times from Workers processes:
%% nanoseconds.
lookups(Port, Name, {Workers, N}) ->
    inside(fun() ->
        T = erlang:monotonic_time(nanosecond),
        Pids = [spawn_monitor(fun() -> lookup(Port, Name, N div Workers) end) || _ <- lists:seq(1, Workers)],
        [receive {'DOWN', R, process, P, normal} -> ok; {'DOWN', R, process, P, Why} -> exit(Why) end || {P, R} <- Pids],
        erlang:monotonic_time(nanosecond) - T
    end).

lookup(_, _, 0) -> ok;
lookup(Port, Name, N) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    Body = <<$z, Name/binary>>,
    ok = gen_tcp:send(S, [<<(byte_size(Body)):16>>, Body]),
    {ok, <<$w, 0, _/binary>>} = gen_tcp:recv(S, 0, 5000),
    gen_tcp:close(S),
    lookup(Port, Name, N - 1).
