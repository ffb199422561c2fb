//go:build interop

package global

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

const syncLimit = 5 * time.Second

// TestInteropJoin grows a cluster node by node, each through one member, and
// checks after each join that all are in sync, then names and locks both ways.
func TestInteropJoin(t *testing.T) {
	worlds(t, 3, func(t *testing.T, w *world, otps []testkit.OTP) {
		g1 := w.ours("g1@localhost")
		first := w.beam(otps[0])
		ping(t, first, "g1@localhost")
		w.complete(syncLimit)
		before := process(t, g1)
		if err := g1.global.Register(t.Context(), atom("before"), before.Pid(), ""); err != nil {
			t.Fatal(err)
		}
		g2 := w.ours("zz2@localhost")
		connect(t, g2, first.Node)
		w.complete(syncLimit)
		for i, otp := range otps[1:] {
			b := w.beam(otp)
			if i%2 == 0 {
				connect(t, g2, b.Node)
			} else {
				ping(t, b, first.Node)
			}
			w.complete(syncLimit)
		}
		for _, b := range w.beams {
			b.Expect(t, fmt.Sprintf("node(global:whereis_name(before)) =:= '%s'.", g1.Name()), "true")
		}
		w.names()
		w.trans()
	})
}

// names checks names both ways.
func (w *world) names() {
	t := w.t
	t.Helper()
	for i, b := range w.beams {
		name := fmt.Sprintf("of_beam%d", i)
		b.Expect(t, fmt.Sprintf("P%d = spawn(fun() -> receive stop -> ok end end), global:register_name(%s, P%d).", i, name, i), "yes")
		for _, n := range w.gos {
			if pid, ok := n.global.Whereis(atom(name)); !ok || string(pid.Node) != b.Node {
				t.Fatalf("%s on %s: %v %v", name, n.Name(), pid, ok)
			}
		}
	}
	for i, n := range w.gos {
		name, p := fmt.Sprintf("of_go%d", i), process(t, n)
		if err := n.global.Register(t.Context(), atom(name), p.Pid(), RandomNotify); err != nil {
			t.Fatal(err)
		}
		for _, b := range w.beams {
			b.Expect(t, fmt.Sprintf("node(global:whereis_name(%s)).", name), n.Name())
			b.Expect(t, fmt.Sprintf("global:register_name(%s, self()).", name), "no")
			b.Expect(t, fmt.Sprintf("is_pid(global:send(%s, hello)).", name), "true")
			got, err := p.Receive(t.Context())
			if m, ok := got.(node.Message); err != nil || !ok || m.Term != etf.Term(atom("hello")) {
				t.Fatal(got, err)
			}
		}
	}
	w.changes()
}

// changes checks re-registering, unregistering and the end of processes.
func (w *world) changes() {
	t := w.t
	t.Helper()
	n, b := w.gos[0], w.beams[len(w.beams)-1]
	b.Expect(t, "global:re_register_name(of_go0, spawn(fun() -> receive stop -> ok end end)).", "yes")
	if pid, _ := n.global.Whereis(atom("of_go0")); string(pid.Node) != b.Node {
		t.Fatal(pid)
	}
	p := process(t, n)
	if err := n.global.ReRegister(t.Context(), atom("of_go0"), p.Pid(), ""); err != nil {
		t.Fatal(err)
	}
	for _, b := range w.beams {
		b.Expect(t, "node(global:whereis_name(of_go0)).", n.Name())
	}
	p.Close()
	for _, b := range w.beams {
		testkit.Within(t, time.Second, "dropped", func() bool { return b.Eval(t, "global:whereis_name(of_go0).") == "undefined" })
	}
	if err := n.global.Unregister(t.Context(), atom("of_beam0")); err != nil {
		t.Fatal(err)
	}
	for _, b := range w.beams {
		b.Expect(t, "global:whereis_name(of_beam0).", "undefined")
	}
	b.Expect(t, "global:unregister_name(of_go1).", "ok")
	if _, ok := n.global.Whereis(atom("of_go1")); ok {
		t.Fatal("of_go1 is still there")
	}
	b.Expect(t, fmt.Sprintf("exit(global:whereis_name(of_beam%d), kill).", len(w.beams)-1), "true")
	testkit.Within(t, time.Second, "dropped there", func() bool {
		return b.Eval(t, fmt.Sprintf("global:whereis_name(of_beam%d).", len(w.beams)-1)) == "undefined"
	})
	testkit.Within(t, time.Second, "dropped here", func() bool {
		_, ok := n.global.Whereis(atom(fmt.Sprintf("of_beam%d", len(w.beams)-1)))
		return !ok
	})
}

// trans checks transactions from all sides, at the same time.
func (w *world) trans() {
	t := w.t
	t.Helper()
	for _, b := range w.beams {
		b.Expect(t, "global:trans({res, self()}, fun() -> done end).", "done")
		b.Expect(t, "length([1 || _ <- lists:seq(1, 20), global:trans({res, self()}, fun() -> done end) =:= done]).", "20")
	}
	for _, n := range w.gos {
		l, err := n.global.SetLock(t.Context(), atom("res"))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range w.beams {
			b.Expect(t, "global:set_lock({res, self()}, [node() | nodes()], 0).", "false")
		}
		l.Del()
		w.beams[0].Expect(t, "global:trans({res, self()}, fun() -> done end).", "done")
	}
}
