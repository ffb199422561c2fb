//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// The whole of the main branch's calls about rooms, made by a BEAM node to a
// Fjord node: each function and each answer.
func TestCallsOfTheMainBranch(t *testing.T) {
	t.Parallel()
	eachOTP(t, callsOfTheMainBranch)
}

func callsOfTheMainBranch(t *testing.T) {
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	d := w.double("d1@localhost", elixir.Main, "f1@localhost")
	testkit.WaitMesh(t, 3*time.Second, f, d.REST)
	const service, local = "'Elixir.Fishjam.Local.RoomService'", "'Elixir.Fishjam.Local.Room'"
	call := func(module, function, args string) string {
		return fmt.Sprintf("erpc:call(f1@localhost, %s, %s, [%s], 5000)", module, function, args)
	}
	caught := func(module, function, args string) string {
		return fmt.Sprintf("(try %s catch error:{exception, Why, _} -> {raised, Why} end)", call(module, function, args))
	}
	const config = `#{'__struct__' => 'Elixir.Fishjam.Room.Config', room_id => <<"r">>, max_peers => 1, video_codec => nil,
		webhook_url => nil, peerless_purge_timeout => nil, peer_disconnected_timeout => nil}`
	const webrtc = `'Elixir.Fishjam.Peer.WebRTC'`
	for _, c := range []struct{ expr, want string }{
		{`{ok, #{'__struct__' := 'Elixir.Fishjam.Room.State', id := <<"r">>, config := #{max_peers := 1}}, A} = ` + call(service, "create_room", config) + `, A.`, `<<"f1:1">>`},
		{call(service, "create_room", config) + `.`, `{error,room_already_exists}`},
		{`#{node := f1@localhost, rooms_number := R, forwarded_tracks_number := 0} = ` + call(service, "get_resource_usage", "") + `, R.`, `1`},
		{`{ok, P} = ` + call(service, "find_room", `<<"r">>`) + `, {is_pid(P), node(P)}.`, `{true,f1@localhost}`},
		{call(service, "find_room", `<<"none">>`) + `.`, `{error,room_not_found}`},
		{`{ok, #{id := I}} = ` + call(service, "get_room", `<<"r">>`) + `, I.`, `<<"r">>`},
		{`[I || #{id := I} <- ` + call(service, "list_rooms", "") + `].`, `[<<"r">>]`},
		{`{ok, #{'__struct__' := 'Elixir.Fishjam.Peer', id := PeerId, status := S, type := ` + webrtc + `}} = ` +
			call(local, "add_peer", `<<"r">>, `+webrtc+`, #{<<"enableSimulcast">> => true}`) + `, put(peer, PeerId), {is_binary(PeerId), S}.`, `{true,disconnected}`},
		{call(local, "add_peer", `<<"r">>, `+webrtc+`, #{}`) + `.`, `{error,{reached_peers_limit,<<"webrtc">>}}`},
		{call(local, "get_peer_connection_status", `<<"r">>, <<"none">>`) + `.`, `{error,peer_not_found}`},
		{`{ok, #{peers := Peers}} = ` + call(service, "get_room", `<<"r">>`) + `, [Only] = maps:keys(Peers), {` +
			call(local, "get_peer_connection_status", `<<"r">>, Only`) + `, ` + call(local, "remove_peer", `<<"r">>, Only`) + `}.`, `{{ok,disconnected},ok}`},
		{call(local, "remove_peer", `<<"r">>, <<"none">>`) + `.`, `{error,peer_not_found}`},
		{call(local, "remove_component", `<<"r">>, <<"none">>`) + `.`, `{error,component_not_found}`},
		{call(local, "end_call", `<<"r">>, <<"none">>`) + `.`, `{error,component_not_found}`},
		{caught(local, "receive_media_event", `<<"r">>, <<"p">>, <<"{}">>`) + `.`, `{raised,undef}`},
		{caught(local, "add_peer", `5, `+webrtc+`, #{}`) + `.`, `{raised,function_clause}`},
		{call("'Elixir.Fishjam'", "address", "") + `.`, `<<"f1:1">>`},
		{call(service, "delete_room", `<<"r">>`) + `.`, `ok`},
		{call(service, "delete_room", `<<"r">>`) + `.`, `{error,room_not_found}`},
	} {
		expr := strings.ReplaceAll(c.expr, "\n", " ")
		if got := d.Eval(t, "fun() -> "+strings.TrimSuffix(expr, ".")+" end()."); got != c.want {
			t.Errorf("%s\n= %s, want %s", expr, got, c.want)
		}
	}
	d.Clean(t)
}

// With request routing, peers of a room on a node of main come and go through
// Fjord, which then speaks main's calls.
func TestPeersOnTheMainBranch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost", "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED", "true", "FJ_SECRET_KEY_BASE", sharedKey)
	o := w.options("d1@localhost", elixir.Main, "f1@localhost")
	o.Routing = true
	d := elixir.Start(t, o)
	testkit.WaitMesh(t, 3*time.Second, f, d.REST)
	members(t, 3*time.Second, 2, f)
	id := roomOn(t, f, d.Address)
	a := addPeer(t, f, id)
	if !strings.HasPrefix(a.url, d.Address+"/") {
		t.Errorf("the peer is sent to %q", a.url)
	}
	if status, body, err := f.Do(http.MethodGet, "/room/"+id, ""); err != nil || status != 200 || !strings.Contains(body, a.peer) {
		t.Errorf("the room: %d %s %v", status, body, err)
	}
	l := listen(t, f)
	path := "/room/" + id + "/peer/" + a.peer
	if status, body, err := f.Do(http.MethodDelete, path, ""); err != nil || status != 204 {
		t.Errorf("delete the peer: %d %s %v", status, body, err)
	}
	l.once(t, "peer_deleted "+id+" "+a.peer)
	redirects(t, f, id, d.Address)
	if crashes := d.Crashes(t); len(crashes) != 0 {
		t.Errorf("the double: crashes %v", crashes)
	}
	d.Clean(t)
}
