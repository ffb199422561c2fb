//go:build e2e

package mixed

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// A node of the original that is linked before its room service is there becomes
// a member seconds after that, not a minute.
func TestServerThatStartsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	b := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: doubleOTP(t), Name: "late@localhost", Cookie: "fishjam_cookie", Env: w.EPMDEnv()})
	b.Expect(t, `Forms = [begin {ok, T, _} = erl_scan:string(S), {ok, F} = erl_parse:parse_form(T), F end || S <- [
		"-module('Elixir.Fishjam.RoomService').", "-export([get_resource_usage/0, list_rooms/0]).", "list_rooms() -> [].",
		"get_resource_usage() -> #{node => node(), forwarded_tracks_number => 5, rooms_number => 1}."]],
		{ok, _, Code} = compile:forms(Forms), persistent_term:put(code, Code).`, "ok")
	b.Expect(t, "net_kernel:connect_node(f1@localhost).", "true")
	testkit.Within(t, 3*time.Second, "it is known to be none", func() bool { return peerOf(f, "late@localhost").Kind == "other" })
	b.Expect(t, `code:load_binary('Elixir.Fishjam.RoomService', "late", persistent_term:get(code)).`, "{module,'Elixir.Fishjam.RoomService'}")
	testkit.Within(t, 8*time.Second, "it is a member", func() bool { return peerOf(f, "late@localhost").Kind == "fishjam-0.6" })
	if r := answers(t, f); r.Address != "f1:1" { // it is busier
		t.Errorf("a room at %s", r.Address)
	}
	if lines := f.Matches(`.*\[(warning|error)\].*late@localhost.*`); len(lines) != 0 {
		t.Errorf("log: %q", lines)
	}
}
