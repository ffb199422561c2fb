//go:build interop

package global

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/internal/lab"
)

// cluster starts BEAM nodes and two of ours, all joined.
func (w *world) cluster(otps []testkit.OTP) (one, two *testNode) {
	w.t.Helper()
	one, two = w.ours("a1@localhost"), w.ours("z2@localhost")
	connect(w.t, one, "z2@localhost")
	for i, otp := range otps {
		b := w.beam(otp)
		connect(w.t, w.gos[i%2], b.Node)
		w.complete(syncLimit)
	}
	return one, two
}

func (w *world) names2() []string {
	var names []string
	for _, b := range w.beams {
		names = append(names, b.Node)
	}
	for _, n := range w.gos {
		names = append(names, n.Name())
	}
	return names
}

// TestInteropKill kills a node of ours that holds a lock, frozen before, and a
// BEAM node; both come back.
func TestInteropKill(t *testing.T) {
	worlds(t, 3, func(t *testing.T, w *world, otps []testkit.OTP) {
		w.cluster(otps)
		b := w.beams[0]
		c := w.startChild("child@localhost", "lock res")
		testkit.Within(t, 5*time.Second, "child is up", func() bool {
			return b.Eval(t, "net_adm:ping('child@localhost').") == "pong"
		})
		b.Expect(t, "global:sync().", "ok")
		testkit.Within(t, 5*time.Second, "child is linked to all", func() bool {
			return b.Eval(t, fmt.Sprintf("length(erpc:call('child@localhost', erlang, nodes, [])) =:= %d.", len(w.names2()))) == "true"
		})
		b.Expect(t, "erpc:call('child@localhost', child, lock, []).", "true")
		b.Expect(t, "global:set_lock({res, self()}, [node() | nodes()], 0).", "false")
		c.signal(t, syscall.SIGSTOP)
		b.Expect(t, "spawn(fun() -> R = global:trans({res2, self()}, fun() -> through end), register(frozen_result, self()), receive {P, get} -> P ! R end end), ok.", "ok")
		time.Sleep(500 * time.Millisecond)
		b.Expect(t, "whereis(frozen_result).", "undefined") // waits for us
		c.kill()
		testkit.Within(t, 2*time.Second, "the transaction goes on", func() bool { return b.Eval(t, "is_pid(whereis(frozen_result)).") == "true" })
		b.Expect(t, "frozen_result ! {self(), get}, receive X -> X after 1000 -> late end.", "through")
		b.Expect(t, "global:trans({res, self()}, fun() -> free end).", "free")
		w.startChild("child@localhost", "")
		testkit.Within(t, 5*time.Second, "child is back", func() bool {
			return b.Eval(t, "net_adm:ping('child@localhost').") == "pong"
		})
		for _, b := range w.beams {
			testkit.Within(t, syncLimit, "sync", func() bool { return b.Eval(t, "global:sync().") == "ok" })
		}
		last := w.beams[len(w.beams)-1]
		last.Kill(t)
		w.beams = slices.Delete(w.beams, len(w.beams)-1, len(w.beams))
		for _, n := range w.gos {
			lab.Within(t, 2*time.Second, "it is forgotten", func() bool { return !slices.Contains(n.global.Known(), last.Node) })
		}
		again := w.beam(otps[len(otps)-1])
		connect(t, w.gos[0], again.Node)
		for _, b := range w.beams {
			testkit.Within(t, syncLimit, "sync", func() bool { return b.Eval(t, "global:sync().") == "ok" })
			testkit.Within(t, syncLimit, "mesh", func() bool { return b.Eval(t, "length(nodes()).") == fmt.Sprint(len(w.names2())) })
		}
	})
}

// TestInteropDisconnect lets a BEAM node disconnect from one of ours, and from
// another BEAM node. Those that are not concerned stay together, and after our
// dialling again all are in sync.
func TestInteropDisconnect(t *testing.T) {
	worlds(t, 4, func(t *testing.T, w *world, otps []testkit.OTP) {
		w.cluster(otps)
		for _, n := range w.gos {
			n.keep(t, w.names2()...)
		}
		for _, what := range []struct {
			from *testkit.BEAM
			to   string
		}{
			{w.beams[0], w.gos[0].Name()}, {w.beams[1], w.gos[1].Name()}, {w.beams[2], w.beams[3].Node},
		} {
			t.Logf("%s disconnects %s", what.from.Node, what.to)
			what.from.Expect(t, fmt.Sprintf("erlang:disconnect_node('%s').", what.to), "true")
			for range 15 {
				time.Sleep(100 * time.Millisecond)
				w.together(what.from.Node, what.to)
			}
			w.pingOld()
			w.complete(3 * syncLimit)
		}
		for _, b := range w.beams {
			t.Log(b.Node, overlapping(b))
		}
	})
}

// pingOld connects BEAM nodes again when there are some of before OTP 25: those do
// not ask each other to leave when they lose each other, so that our dialling heals
// only our own links, and they themselves dial nobody.
func (w *world) pingOld() {
	w.t.Helper()
	if !slices.ContainsFunc(w.beams, func(b *testkit.BEAM) bool { return strings.Contains(b.Node, "_23@") }) {
		return
	}
	for i, b := range w.beams {
		for _, other := range w.beams[i+1:] {
			ping(w.t, b, other.Node)
		}
	}
}

// together checks that BEAM nodes that are not concerned are linked.
func (w *world) together(without ...string) {
	w.t.Helper()
	for _, b := range w.beams {
		for _, other := range w.beams {
			if b == other || slices.Contains(without, b.Node) || slices.Contains(without, other.Node) {
				continue
			}
			if got := b.Eval(w.t, fmt.Sprintf("lists:member('%s', nodes()).", other.Node)); got != "true" {
				w.t.Errorf("%s has lost %s", b.Node, other.Node)
			}
		}
	}
}

// TestInteropLeave stops nodes of ours gracefully: the others keep their mesh, and
// no line about overlapping partitions names another node.
func TestInteropLeave(t *testing.T) {
	worlds(t, 3, func(t *testing.T, w *world, otps []testkit.OTP) {
		one, two := w.cluster(otps)
		for _, n := range []*testNode{one, two} {
			lab.Stop(t, "global", n.global.Stop)
			lab.Stop(t, "node", n.Stop)
			testkit.Within(t, 2*time.Second, "it is gone", func() bool {
				for _, b := range w.beams {
					if b.Eval(t, fmt.Sprintf("lists:member('%s', nodes()).", n.Name())) == "true" {
						return false
					}
				}
				return true
			})
		}
		w.gos = nil
		time.Sleep(time.Second)
		w.complete(syncLimit)
		w.beams[0].Expect(t, "global:register_name(after_all, self()).", "yes")
		for _, b := range w.beams {
			for _, line := range overlapping(b) {
				if !strings.Contains(line, "node 'a1@") && !strings.Contains(line, "node a1@") && !strings.Contains(line, "node z2@") {
					t.Errorf("%s: %s", b.Node, line)
				}
			}
		}
	})
}
