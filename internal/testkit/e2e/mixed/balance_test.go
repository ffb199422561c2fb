//go:build e2e

package mixed

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// Scenario 1: two Fjord nodes share rooms; then a node of the original, of each
// generation, takes the place of one of them, and they go on: each places rooms
// on the other.
func TestBalance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect     elixir.Dialect
		kind, first string // as Fjord shows it; where its own first room goes
	}{
		{elixir.Fishjam, "fishjam-0.6", "f1:1"}, {elixir.Main, "fishjam-main", "f2:1"}, {elixir.Jellyfish, "jellyfish-0.5", "f1:1"},
	} {
		t.Run(string(c.dialect), func(t *testing.T) {
			t.Parallel()
			eachOTP(t, func(t *testing.T) { balance(t, c.dialect, c.kind, c.first) })
		})
	}
}

func balance(t *testing.T, dialect elixir.Dialect, kind, first string) {
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	testkit.TwoAddresses(t, nodes[1], "f1:1", "f2:1")
	nodes[1].Kill(t)
	d := w.double("f2@localhost", dialect, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, nodes[0], d.REST)
	members(t, 3*time.Second, 2, nodes[0])
	// f1 has one room, the double none: each has three after five more.
	if got := spread(t, nodes[0], 5); got["f2:1"] != 3 || got["f1:1"] != 2 {
		t.Errorf("from Fjord: %v", got)
	}
	// From the double: on a tie the other node with 0.6.3 and Jellyfish, the asking
	// one with main; then even.
	r := d.REST.MustPostRoom(t, "")
	got := spread(t, d.REST, 3)
	got[r.Address]++
	if r.Address != first || got["f1:1"] != 2 || got["f2:1"] != 2 {
		t.Errorf("from the double: %v, the first at %s", got, r.Address)
	}
	d.Clean(t)
	if crashes, warnings := d.Crashes(t), d.Warnings(t); len(crashes)+len(warnings) != 0 {
		t.Errorf("the double: crashes %v, warnings %v", crashes, warnings)
	}
	if k := peerOf(nodes[0], "f2@localhost").Kind; k != kind {
		t.Errorf("it is shown as %q", k)
	}
}

// All generations at once: Fjord places rooms on each, and each on Fjord.
func TestAllGenerationsTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	doubles := elixir.StartAll(t,
		w.options("d1@localhost", elixir.Fishjam, "f1@localhost"), w.options("d2@localhost", elixir.Main, "f1@localhost"),
		w.options("d3@localhost", elixir.Jellyfish, "f1@localhost"), w.options("d4@localhost", elixir.Other, "f1@localhost"))
	testkit.WaitMesh(t, 5*time.Second, f, doubles[0].REST, doubles[1].REST, doubles[2].REST, doubles[3].REST)
	members(t, 3*time.Second, 4, f)
	if got := spread(t, f, 8); len(got) != 4 || got["f1:1"] != 2 {
		t.Errorf("from Fjord: %v", got)
	}
	for _, d := range doubles[:3] {
		got := spread(t, d.REST, 4)
		if got["f1:1"] == 0 || got[d.Address] == 0 || got["f1:1"]+got[d.Address] != 4 {
			t.Errorf("from %s: %v, want some on itself and some on Fjord", d.Node, got)
		}
		d.Clean(t)
	}
}

// Scenario 11 with a node of the original as entry: its plain rule, which on a
// complete tie goes round.
func TestPlainRuleFromTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost", "f3@localhost"})
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, append(nodes, d.REST)...)
	for round := range 3 {
		got := map[string]int{}
		for i := range 4 {
			r := d.REST.MustPostRoom(t, "")
			got[r.Address]++
			if i == 3 && r.Address != d.Address {
				t.Errorf("round %d: the last room is at %s; the asking node is the last choice", round, r.Address)
			}
		}
		if len(got) != 4 {
			t.Errorf("round %d: %v", round, got)
		}
	}
}

// Scenario 14: a shell joins. It is linked and shown, asked once, and no
// creation is slower or logged about for it.
func TestShellJoins(t *testing.T) {
	t.Parallel()
	testkit.NeedTools(t, "iex")
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	shell := testkit.Start(t, testkit.Command{Name: "iex", Path: "iex", Env: append(w.EPMDEnv(), "TERM=dumb"), Args: []string{
		"--sname", "shell@localhost", "--cookie", "fishjam_cookie", "--erl", "-start_epmd false",
		"-e", `true = Node.connect(:f1@localhost); IO.puts("joined")`,
	}})
	shell.WaitLog(t, 10*time.Second, "joined")
	testkit.Within(t, 3*time.Second, "the shell is known to be none", func() bool {
		p := peerOf(f, "shell@localhost")
		return p.State == "up" && p.Kind == "other"
	})
	lines := len(f.Matches(`.*\n`))
	for range 20 {
		if r := answers(t, f); r.Address != "f1:1" {
			t.Errorf("a room at %s", r.Address)
		}
	}
	for _, line := range f.Matches(`.*shell.*`) {
		if !contains(line, "left alone", "connected", "connection") {
			t.Errorf("log: %s", line)
		}
	}
	if n := len(f.Matches(`.*\[(warning|error)\].*shell.*`)); n != 0 {
		t.Errorf("%d warnings about the shell", n)
	}
	t.Logf("%d lines before, %d after 20 creations", lines, len(f.Matches(`.*\n`)))
	if got := clusterOf(f).Members; got != 1 {
		t.Errorf("%d members, want 1", got)
	}
}

// Scenario 9: both generations' own questions to a Fjord node that is draining,
// full, and to nodes that are no media servers: answered at once.
func TestQuestionsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draining := w.fjord("f1@localhost")
	full := w.fjord("f2@localhost", "FJ_MAX_ROOMS", "1", "FJ_DIST_NODES", "f1@localhost")
	testkit.WaitMesh(t, 3*time.Second, draining, full)
	members(t, 3*time.Second, 2, full)
	full.MustPostRoom(t, "") // one of each
	full.MustPostRoom(t, "")
	if status, body, err := draining.Do("POST", "/drain", ""); err != nil || status >= 300 {
		t.Fatalf("drain: %d %s %v", status, body, err)
	}
	all := elixir.StartAll(t, w.options("d1@localhost", elixir.Fishjam, "f1@localhost", "f2@localhost"),
		w.options("d2@localhost", elixir.Main, "f1@localhost", "f2@localhost"),
		w.options("d3@localhost", elixir.Other, "f1@localhost", "f2@localhost"))
	testkit.WaitMesh(t, 5*time.Second, draining, full, all[0].REST, all[1].REST, all[2].REST)
	for _, d := range all[:2] {
		for _, node := range []string{"f1@localhost", "f2@localhost", "d3@localhost"} {
			module := map[string]string{"d1@localhost": "Elixir.Fishjam.RoomService", "d2@localhost": "Elixir.Fishjam.Local.RoomService"}[d.Node]
			ask(t, d, node, module, "get_resource_usage")
			ask(t, d, node, module, "no_such_function")
			ask(t, d, node, "Elixir.No.Module", "at_all")
		}
		got := spread(t, d.REST, 3)
		if got[d.Address] == 0 || got["f1:1"]+got["f2:1"] != 0 {
			t.Errorf("from %s: %v, none may go to nodes that take none", d.Node, got)
		}
		d.Clean(t)
	}
}

// ask makes the original's call several times and checks the quickest: a
// hundred milliseconds are the limit.
func ask(t *testing.T, d *elixir.Double, node, module, function string) {
	t.Helper()
	const limit = 100 * time.Millisecond
	answer := d.Eval(t, fmt.Sprintf(`lists:min([element(1, timer:tc(erpc, multicall, [['%s'], '%s', %s, []])) || _ <- lists:seq(1, 5)]).`, node, module, function))
	var micros int
	if _, err := fmt.Sscan(answer, &micros); err != nil {
		t.Fatalf("%s asks %s for %s: %s", d.Node, node, function, answer)
	}
	took := time.Duration(micros) * time.Microsecond
	t.Logf("%s asks %s for %s:%s: %s (limit %s)", d.Node, node, module, function, took, limit)
	if took > testkit.Slack*limit {
		t.Errorf("%s asks %s for %s: %s", d.Node, node, function, took)
	}
}
