//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// flapRecorder starts a process that remembers nodes that go down; flapReport
// lists them.
const (
	flapRecorder = `S = self(), spawn(fun() -> ok = net_kernel:monitor_nodes(true), true = register(flaps, self()), S ! ready,
		(fun L(Seen) -> receive {nodedown, N} -> L([N | Seen]); {nodeup, _} -> L(Seen); {report, P} -> P ! {flaps, lists:usort(Seen)}, L(Seen) end end)([]) end),
		receive ready -> true end.`
	flapReport = `flaps ! {report, self()}, receive {flaps, L} -> L after 3000 -> none end.`
)

// flaps checks, in the end, which nodes each double has lost: want, in Erlang
// syntax; and that no line about overlapping partitions names another.
func flaps(t *testing.T, want string, doubles ...*elixir.Double) {
	t.Helper()
	for _, d := range doubles {
		d.Expect(t, flapReport, want)
		for _, line := range strings.Split(d.Log(), "\n") {
			if strings.Contains(line, "overlapping") && (want == "[]" || !strings.Contains(line, strings.Trim(want, "[]'"))) {
				t.Errorf("%s: %s", d.Node, line)
			}
		}
	}
}

// Scenario 10: a Fjord node gets SIGTERM. Its rooms are said to have crashed, once
// and before the links close; it is gone within two seconds; the others keep
// each other.
func TestGracefulLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
	doubles := w.doubles([]string{"d1@localhost", "d2@localhost", "d3@localhost"}, "f1@localhost", "f2@localhost")
	rest := []*testkit.Fjord{nodes[0], doubles[0].REST, doubles[1].REST, doubles[2].REST}
	testkit.WaitMesh(t, 5*time.Second, append(rest, nodes[1])...)
	members(t, 3*time.Second, 5, nodes...)
	for _, d := range doubles {
		d.Expect(t, "global:sync().", "ok")
		d.Expect(t, flapRecorder, "true")
	}
	ears := listen(t, nodes[0])
	hook := webhooks(t)
	ids := roomsWith(t, nodes[0], hook.url, 20)["f2:1"]
	if len(ids) != 4 {
		t.Fatalf("%d rooms on the node that leaves", len(ids))
	}
	begin := time.Now()
	nodes[1].Signal(t, syscall.SIGTERM)
	if code := nodes[1].WaitExit(t, 2*time.Second); code != 0 {
		t.Errorf("ended with code %d", code)
	}
	t.Logf("ended after %s", time.Since(begin).Round(time.Millisecond))
	for _, id := range ids {
		everywhere(t, []*listener{ears, &hook.listener}, doubles, "room_crashed", id)
	}
	testkit.WaitMesh(t, 2*time.Second, rest...)
	testkit.During(t, 2*time.Second, "the others' mesh", func() bool {
		for _, f := range rest {
			if f.NodesInCluster() != 4 {
				return false
			}
		}
		return true
	})
	flaps(t, "[f2@localhost]", doubles...)
	spread(t, nodes[0], 4)
}

// A drain: no new rooms, not ready, the rooms end by themselves; then the node
// leaves. What is left at the end of the time ends as if by DELETE.
func TestDrain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, nodes[0], nodes[1], d.REST)
	members(t, 3*time.Second, 3, nodes...)
	ids := roomsWith(t, nodes[0], "http://127.0.0.1:1/", 9)["f2:1"]
	if len(ids) != 3 {
		t.Fatalf("%d rooms on the node to drain", len(ids))
	}
	ears := listen(t, nodes[0])
	drain := func(body string) {
		t.Helper()
		if status, text, err := nodes[1].Do(http.MethodPost, "/drain", body); err != nil || status != http.StatusAccepted {
			t.Fatalf("drain: %d %s %v", status, text, err)
		}
	}
	ready := func() int {
		status, _, _ := nodes[1].Do(http.MethodGet, "/readyz", "")
		return status
	}
	drain("")
	testkit.Within(t, time.Second, "not ready", func() bool { return ready() == http.StatusServiceUnavailable })
	for _, f := range []*testkit.Fjord{nodes[0], nodes[1], d.REST} {
		if got := spread(t, f, 4); got["f2:1"] != 0 {
			t.Errorf("rooms on the draining node: %v", got)
		}
	}
	if status, _, err := nodes[1].Do(http.MethodDelete, "/drain", ""); err != nil || status >= 300 {
		t.Fatalf("undo: %d %v", status, err)
	}
	testkit.Within(t, time.Second, "ready again", func() bool { return ready() == http.StatusOK })
	testkit.Within(t, 3*time.Second, "it gets rooms again", func() bool {
		r := answers(t, nodes[0])
		if r.Address == "f2:1" {
			ids = append(ids, r.ID)
		}
		return r.Address == "f2:1"
	})
	drain(`{"timeout":2}`)
	if status, _, err := nodes[1].Do(http.MethodDelete, "/room/"+ids[0], ""); err != nil || status != http.StatusNoContent {
		t.Errorf("delete during the drain: %d %v", status, err)
	}
	if code := nodes[1].WaitExit(t, 5*time.Second); code != 0 {
		t.Errorf("ended with code %d", code)
	}
	for _, id := range ids {
		everywhere(t, []*listener{ears}, []*elixir.Double{d}, "room_deleted", id)
		if n := ears.count("room_crashed " + id); n != 0 {
			t.Errorf("room %s crashed, too", id)
		}
	}
	testkit.WaitMesh(t, 2*time.Second, nodes[0], d.REST)
}

// fjord drain on the command line waits with SIGTERM's meaning; a second signal
// forces the end.
func TestSecondSignalForces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost", "FJ_DRAIN_TIMEOUT", "60")
	answers(t, f)
	f.Signal(t, syscall.SIGTERM)
	testkit.During(t, time.Second, "the drain", func() bool { return !f.Exited() })
	f.Signal(t, syscall.SIGTERM)
	f.WaitExit(t, 2*time.Second)
}

// Rolling replacement: three nodes of the original give way to three Fjord
// nodes, one after the other, while rooms are made through all that are in
// service.
func TestRollingReplacement(t *testing.T) {
	w := newWorld(t)
	names := []string{"d1@localhost", "d2@localhost", "d3@localhost"}
	doubles := w.doubles(names)
	for i, d := range doubles {
		for _, other := range names[i+1:] {
			d.Expect(t, fmt.Sprintf("net_kernel:connect_node('%s').", other), "true")
		}
	}
	testkit.WaitMesh(t, 5*time.Second, doubles[0].REST, doubles[1].REST, doubles[2].REST)
	l := startLoad(t, 4, 10*time.Millisecond, doubles[0].REST, doubles[1].REST, doubles[2].REST)
	time.Sleep(500 * time.Millisecond)
	var fjords []*testkit.Fjord
	for i, d := range doubles {
		f := w.fjord(fmt.Sprintf("f%d@localhost", i+1), "FJ_DIST_NODES", strings.Join(names, " ")+" f1@localhost f2@localhost f3@localhost")
		fjords = append(fjords, f)
		members(t, 3*time.Second, 4, fjords...) // i Fjord nodes came, i went of the original
		l.add(f)
		time.Sleep(500 * time.Millisecond)
		l.remove(t, d.REST)
		d.Signal(t, syscall.SIGTERM)
		d.WaitExit(t, 5*time.Second)
		members(t, 3*time.Second, 3, fjords...)
		time.Sleep(500 * time.Millisecond)
	}
	l.end()
	// What the stopped node had in hand: a node of the original that had chosen it
	// answers 500. Fjord nodes ask the next best, so that they fail nothing.
	kept := l.failed[:0]
	for _, f := range l.failed {
		if contains(f, "erl d") && contains(f, "status 500") {
			t.Logf("in hand of a node that stopped: %s", f)
			continue
		}
		kept = append(kept, f)
	}
	l.failed = kept
	l.check(t)
	testkit.WaitMesh(t, 2*time.Second, fjords...)
	for i, f := range fjords {
		address := fmt.Sprintf("f%d:1", i+1)
		if n, want := rooms(f), l.created(address); n != want {
			t.Errorf("%d rooms at %s, %d were answered", n, address, want)
		}
	}
}
