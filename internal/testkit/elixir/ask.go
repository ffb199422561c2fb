package elixir

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// Set changes a setting: freeze (usage or create: the node stops itself as if by
// SIGSTOP when it is asked next for that), sleep (milliseconds before a room is
// made), tracks (forwarded tracks that it tells of). value is in Erlang syntax.
func (d *Double) Set(t testing.TB, key, value string) {
	t.Helper()
	d.Expect(t, fmt.Sprintf(`'Elixir.Double':set(%s, %s).`, key, value), "true")
}

// Events lists the notifications that a server socket of this node would have
// sent, in Erlang syntax: {room_created,<<"…">>}.
func (d *Double) Events(t testing.TB) []string { return d.log(t, "event") }

// Warnings lists what the original would have logged a warning about.
func (d *Double) Warnings(t testing.TB) []string { return d.log(t, "warning") }

// Crashes lists the requests that ended as 500.
func (d *Double) Crashes(t testing.TB) []string { return d.log(t, "crash") }

// Violations lists what came from others and would have crashed the original.
func (d *Double) Violations(t testing.TB) []string { return d.log(t, "violation") }

// Reports counts the metrics reports of all nodes.
func (d *Double) Reports(t testing.TB) int { return len(d.log(t, "metrics")) }

func (d *Double) log(t testing.TB, kind string) []string {
	t.Helper()
	text := d.Eval(t, fmt.Sprintf(`base64:encode(unicode:characters_to_binary(lists:join("\n", [io_lib:format("~0tp", [X]) || X <- 'Elixir.Double':log(%s)]))).`, kind))
	lines, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(text, `<<"`), `">>`))
	if text == "<<>>" {
		return nil
	}
	if err != nil {
		t.Fatalf("%s: log: %v: %s", d.Node, err, text)
	}
	return strings.Split(string(lines), "\n")
}

// Count counts the notifications of one kind about a room.
func (d *Double) Count(t testing.TB, kind, room string) int {
	t.Helper()
	n := 0
	for _, e := range d.Events(t) {
		if strings.HasPrefix(e, fmt.Sprintf(`{%s,<<"%s">>`, kind, room)) {
			n++
		}
	}
	return n
}

// Rooms is the number of its rooms.
func (d *Double) Rooms(t testing.TB) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(d.Eval(t, `ets:info(double_rooms, size).`), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Clean checks that nobody sent this node what would have crashed the original,
// and that pg's scope, which wrong messages crash, still lives.
func (d *Double) Clean(t testing.TB) {
	t.Helper()
	for _, v := range d.Violations(t) {
		t.Errorf("%s: the original would have crashed: %s", d.Node, v)
	}
	d.Expect(t, `is_pid(whereis('Elixir.Phoenix.PubSub')) andalso [node(P) || P <- pg:get_local_members('Elixir.Phoenix.PubSub', 'Elixir.Double':get(group))] =:= [node()].`, "true")
}

// WaitNodes waits until the node is linked with exactly so many others.
func (d *Double) WaitNodes(t testing.TB, limit time.Duration, others int) {
	t.Helper()
	testkit.Within(t, limit, fmt.Sprintf("%s has %d links", d.Node, others), func() bool {
		got, err := d.Try(testkit.Slack*limit, `length(nodes()).`)
		return err == nil && got == fmt.Sprint(others)
	})
}
