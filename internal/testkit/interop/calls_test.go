//go:build interop

package interop

import (
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestCalls(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t)
		sorted := `lists:sort(maps:to_list(`
		usage := `[{forwarded_tracks_number,0},{node,` + printed(p.fjordName) + `},{rooms_number,0}]`
		p.expect(t, b, sorted+`erpc:call($F, $S, get_resource_usage, [])))`+`.`, usage)
		p.expect(t, b, sorted+`rpc:call($F, $S, get_resource_usage, [])))`+`.`, usage)
		p.expect(t, b, `{[M], Bad} = rpc:multicall([$F], $S, get_resource_usage, []), {map_size(M), Bad}.`, `{3,[]}`)

		// What is not listed is undefined, at once.
		for _, call := range []string{`os, cmd, ["id"]`, `no_such, function, [1,2]`, `$S, get_resource_usage, [extra]`, `init, stop, []`} {
			p.expect(t, b, `try erpc:call($F, `+call+`, 2000) catch error:{exception, R, _} -> R end.`, `undef`)
			p.expect(t, b, `{badrpc, {'EXIT', {R, _}}} = rpc:call($F, `+call+`, 2000), R.`, `undef`)
		}
		// Monitors of what is not there answer noproc.
		p.expect(t, b, `R = monitor(process, {no_such_name, $F}), receive {'DOWN', R, process, _, W} -> W after 2000 -> silence end.`, `noproc`)
		p.expect(t, b, `catch gen_server:call({no_such_name, $F}, hello, 2000).`,
			`{'EXIT',{noproc,{gen_server,call,[{no_such_name,`+printed(p.fjordName)+`},hello,2000]}}}`)
		if !p.fjord.Up() {
			t.Error("Fjord has stopped answering")
		}
	})
}

// config is Fishjam's struct as an Erlang map.
func config(id string) string {
	return `#{'__struct__' => 'Elixir.Fishjam.Room.Config', room_id => <<"` + id + `">>, max_peers => nil, video_codec => nil,
		webhook_url => nil, peerless_purge_timeout => nil, peer_disconnected_timeout => nil}`
}

// The call that a real Fishjam makes to create a room, in every shape of tag.
func TestCreateRoom(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t)
		p.expect(t, b, `{ok, State, Address} = gen_server:call({$S, $F}, {create_room, `+config("one")+`}),
			{maps:get('__struct__', State), maps:get(id, State), Address}.`, `{'Elixir.Fishjam.Room.State',<<"one">>,<<"fjord:1">>}`)
		p.expect(t, b, `gen_server:call({$S, $F}, {create_room, `+config("one")+`}).`, `{error,room_already_exists}`)
		p.expect(t, b, `{[{_, {ok, State, _}}], []} = gen_server:multi_call([$F], $S, {create_room, `+config("two")+`}, 2000), maps:get(id, State).`, `<<"two">>`)
		p.expect(t, b, `R = make_ref(), {$S, $F} ! {'$gen_call', {self(), R}, {create_room, `+config("three")+`}},
			receive {R, {ok, State, _}} -> maps:get(id, State) after 2000 -> silence end.`, `<<"three">>`)
		p.expect(t, b, `maps:get(rooms_number, erpc:call($F, $S, get_resource_usage, [])).`, `3`)
		status, body, err := p.fjord.Do("GET", "/room", "")
		if err != nil || status != 200 || strings.Count(body, `"maxPeers":null`) != 3 {
			t.Errorf("GET /room: %d %s %v", status, body, err)
		}
	})
}

// The end of the actor behind a registered name reaches those who watch it,
// and its successor answers the next call.
func TestKillTheActorBehindAName(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t)
		p.expect(t, b, `P = rpc:call($F, erlang, whereis, [$S]), true = is_pid(P), true = node(P) =:= $F,
			R = monitor(process, P), Q = monitor(process, {$S, $F}), exit(P, kill),
			A = receive {'DOWN', R, process, P, W1} -> W1 after 2000 -> silence end,
			B = receive {'DOWN', Q, process, {_, _}, W2} -> W2 after 2000 -> silence end, {A, B}.`, `{killed,killed}`)
		testkit.Within(t, 2*time.Second, "there is a successor", func() bool {
			return b.Eval(t, p.fill(`is_pid(rpc:call($F, erlang, whereis, [$S])).`)) == "true"
		})
		p.expect(t, b, `P = rpc:call($F, erlang, whereis, [$S]), process_flag(trap_exit, true), link(P), exit(P, kill), receive {'EXIT', P, R} -> R after 2000 -> silence end.`, `killed`)
		testkit.Within(t, 2*time.Second, "the successor answers", func() bool {
			value := b.Eval(t, p.fill(`catch element(1, gen_server:call({$S, $F}, {create_room, `+config("after")+`})).`))
			return value == "ok" || value == "error"
		})
		p.expect(t, b, `maps:get(rooms_number, erpc:call($F, $S, get_resource_usage, [])).`, `1`)
	})
}

// POST /room through Fjord with a BEAM that serves no rooms among the members.
func TestPostRoomBesideAShell(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.connect(t)
		for range 3 {
			room := p.fjord.MustPostRoom(t, "")
			if room.Address != "fjord:1" {
				t.Errorf("room at %s", room.Address)
			}
			t.Logf("POST /room took %s", room.Took)
		}
	})
}
