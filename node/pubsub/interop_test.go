//go:build interop

package pubsub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pubsub"
)

// adapter is Phoenix.PubSub's side of the protocol in Erlang, in a pool of two:
// registered workers that are members of the groups; topics are kept by their
// collector, which stands for all subscribers.
const adapter = `-module(adapter).
-export([start/0, worker/2, collect/1, got/0, broadcast/3, broadcast/4, direct/4]).
scope() -> 'Elixir.Phoenix.PubSub'.
groups() -> ['Elixir.Chat.PubSub.Adapter', 'Elixir.Chat.PubSub.Adapter_2'].
start() ->
  Me = self(),
  spawn(fun() ->
    {ok, _} = pg:start(scope()),
    register(collector, spawn(adapter, collect, [[]])),
    [begin P = spawn(adapter, worker, [G, whereis(collector)]), register(G, P), ok = pg:join(scope(), G, P) end || G <- groups()],
    Me ! ready, receive stop -> ok end
  end),
  receive ready -> ok end.
worker(G, To) -> receive {forward_to_local, Topic, Msg, Via} -> To ! {Topic, Msg, Via}, worker(G, To) end.
collect(L) -> receive {get, P} -> P ! {got, lists:reverse(L)}, collect(L); X -> collect([X | L]) end.
got() -> collector ! {get, self()}, receive {got, L} -> L after 3000 -> late end.
broadcast(Topic, Msg, N) -> broadcast(Topic, Msg, scope(), N).
broadcast(Topic, Msg, Via, N) ->
  [P ! {forward_to_local, Topic, Msg, Via} || P <- pg:get_members(scope(), lists:nth(N, groups())), node(P) =/= node()], ok.
direct(Node, Topic, Msg, N) -> {lists:nth(N, groups()), Node} ! {forward_to_local, Topic, Msg, scope()}, ok.
`

func TestInteropPubSub(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			l := lab.New(t)
			s := startSite(t, l, "go@localhost", pubsub.Options{PoolSize: 2})
			b := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: "beam@localhost", Cookie: lab.Cookie, Env: l.Env()})
			b.Load(t, adapter)
			b.Expect(t, "adapter:start().", "ok")
			sub := s.subscribe(t, "room:1")
			b.Expect(t, "net_adm:ping('go@localhost').", "pong")
			known(t, s, b)
			fromBEAM(t, s, b, sub)
			fromGo(t, s, b)
			// The link goes and comes.
			s.node.Disconnect("beam@localhost", nil)
			s.members(t, 1)
			b.Expect(t, "net_adm:ping('go@localhost').", "pong")
			known(t, s, b)
			b.Expect(t, `adapter:broadcast(<<"room:1">>, again, 1).`, "ok")
			lab.Within(t, limit, "it arrives again", func() bool {
				list := sub.all()
				return strings.HasPrefix(list[len(list)-1], "again from beam@localhost")
			})
			b.Expect(t, "is_pid(whereis('Elixir.Phoenix.PubSub')).", "true")
		})
	}
}

func known(t *testing.T, s *site, b *testkit.BEAM) {
	t.Helper()
	for _, g := range []etf.Atom{group, group + "_2"} {
		lab.Within(t, limit, "workers are known", func() bool { return len(s.scope.Members(g)) == 2 })
		testkit.Within(t, limit, "workers are known there", func() bool {
			return b.Eval(t, fmt.Sprintf("length(pg:get_members('Elixir.Phoenix.PubSub', '%s')).", g)) == "2"
		})
	}
}

func fromBEAM(t *testing.T, s *site, b *testkit.BEAM, sub *inbox) {
	t.Helper()
	b.Expect(t, `adapter:broadcast(<<"room:1">>, {hello, <<"du">>}, 1).`, "ok")
	sub.expect(t, `{hello,<<"du">>} from beam@localhost`)
	b.Expect(t, `adapter:broadcast(<<"room:1">>, two, 2), adapter:broadcast(<<"room:2">>, no, 1).`, "ok")
	b.Expect(t, `adapter:direct('go@localhost', <<"room:1">>, three, 1).`, "ok")
	lab.Within(t, limit, "all three", func() bool { return len(sub.all()) == 3 }) // two workers: in any order
	b.Expect(t, `adapter:broadcast(<<"room:1">>, #{'__struct__' => 'Elixir.Phoenix.Socket.Broadcast', topic => <<"room:1">>,
		event => <<"shout">>, payload => #{<<"body">> => <<"hi">>}}, 'Elixir.Phoenix.Channel.Server', 1).`, "ok")
	lab.Within(t, limit, "the channel's broadcast", func() bool { return len(sub.all()) == 4 })
	got := sub.all()[3]
	for _, part := range []string{`'Elixir.Phoenix.Socket.Broadcast'`, `event => <<"shout">>`, " from beam@localhost by Elixir.Phoenix.Channel.Server"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s lacks %s", got, part)
		}
	}
}

func fromGo(t *testing.T, s *site, b *testkit.BEAM) {
	t.Helper()
	check(t, s.Broadcast("room:1", etf.Tuple{etf.Atom("shout"), []byte("hej")}))
	check(t, s.DirectBroadcast("beam@localhost", "room:2", etf.Atom("direct"), pubsub.Via(pubsub.ChannelDispatcher)))
	const all = `[{<<"room:1">>,{shout,<<"hej">>},'Elixir.Phoenix.PubSub'},{<<"room:2">>,direct,'Elixir.Phoenix.Channel.Server'}]`
	testkit.Within(t, limit, "both arrive", func() bool { return b.Eval(t, "adapter:got().") == all })
	for i := range 1000 {
		check(t, s.Broadcast("room:3", i))
	}
	testkit.Within(t, 5*time.Second, "a thousand in order", func() bool {
		return b.Eval(t, `[N || {<<"room:3">>, N, _} <- adapter:got()] =:= lists:seq(0, 999).`) == "true"
	})
}
