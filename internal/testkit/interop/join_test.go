//go:build interop

package interop

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestJoin lets nodes join one after the other, BEAM and Fjord in turn:
// global:sync returns on every BEAM node after each.
func TestJoin(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		one := w.fjord(t, "m1@localhost")
		ping(t, w.beam(t), one.Node)
		w.complete(t, syncLimit)
		two := w.fjord(t, "z2@localhost", w.beams[0].Node) // links with the first Fjord by what global tells
		w.complete(t, syncLimit)
		ping(t, w.beam(t), two.Node)
		w.complete(t, syncLimit)
		w.fjord(t, "a3@localhost", one.Node)
		w.complete(t, syncLimit)
		for len(w.beams) < len(w.otps) {
			ping(t, w.beam(t), w.fjords[len(w.beams)%3].Node)
			w.complete(t, syncLimit)
		}
		w.everybodyPings(t)
	})
}

// everybodyPings lets each node ping each.
func (w *world) everybodyPings(t *testing.T) {
	t.Helper()
	all := quoted(w.names())
	for _, b := range w.beams {
		b.Expect(t, "[N || N <- "+all+", net_adm:ping(N) =/= pong].", "[]")
	}
	for _, f := range w.fjords {
		w.beams[0].Expect(t, fmt.Sprintf("[N || N <- %s, erpc:call('%s', echo, ping, [N]) =/= pong].", quoted(without(w.names(), f.Node)), f.Node), "[]")
	}
}

// TestTransitiveConnect: who meets one node of a cluster meets all of them.
func TestTransitiveConnect(t *testing.T) {
	parallel(t, 3, func(t *testing.T, w *world) {
		first := w.beam(t)
		for range len(w.otps) - 1 {
			ping(t, w.beam(t), first.Node)
		}
		w.fjord(t, "f1@localhost", w.beams[len(w.beams)-1].Node)
		w.complete(t, syncLimit)
		w.fjord(t, "f2@localhost", "f1@localhost")
		w.complete(t, syncLimit)
	})
}

// TestDisconnectNode lets a BEAM node cut off a Fjord node, and another BEAM node.
// Those that are not concerned stay together, and all are one again afterwards.
func TestDisconnectNode(t *testing.T) {
	parallel(t, 3, func(t *testing.T, w *world) {
		w.cluster(t)
		b := w.beams
		for _, cut := range []struct {
			from *testkit.BEAM
			to   string
		}{{b[0], w.fjords[0].Node}, {b[1], w.fjords[1].Node}, {b[1], b[2].Node}} {
			t.Logf("%s disconnects %s", cut.from.Node, cut.to)
			cut.from.Expect(t, fmt.Sprintf("erlang:disconnect_node('%s').", cut.to), "true")
			testkit.During(t, 1500*time.Millisecond, "the others stay together", func() bool {
				return w.together(cut.from.Node, cut.to)
			})
			w.pingOld(t)
			w.complete(t, 3*syncLimit)
		}
	})
}

// together says whether the BEAM nodes that are not named are linked.
func (w *world) together(except ...string) bool {
	var rest []string
	for _, b := range w.beams {
		rest = append(rest, b.Node)
	}
	rest = without(rest, except...)
	for _, b := range w.beams {
		list := quoted(without(rest, b.Node))
		if len(without([]string{b.Node}, except...)) == 0 {
			continue
		}
		if got, err := b.Try(testkit.Slack*5*time.Second, list+" -- nodes() =:= []."); err != nil || got != "true" {
			return false
		}
	}
	return true
}

// pingOld connects BEAM nodes again when there are some of before OTP 25: those
// do not ask each other to leave when they lose each other, and dial nobody.
func (w *world) pingOld(t *testing.T) {
	t.Helper()
	for _, otp := range w.otps {
		if otp.Release != "23" && otp.Release != "24" {
			continue
		}
		for i, b := range w.beams {
			for _, other := range w.beams[i+1:] {
				ping(t, b, other.Node)
			}
		}
		return
	}
}

// TestGracefulLeave: when a Fjord node leaves, the others keep their mesh, and no
// line about overlapping partitions names another node.
func TestGracefulLeave(t *testing.T) {
	parallel(t, 3, func(t *testing.T, w *world) {
		w.cluster(t)
		for _, b := range w.beams {
			b.Expect(t, flapRecorder, "true")
		}
		leaver := w.fjords[1]
		leaver.Signal(t, syscall.SIGTERM)
		if code := leaver.WaitExit(t, 5*time.Second); code != 0 {
			t.Errorf("ended with code %d", code)
		}
		w.fjords = w.fjords[:1]
		w.complete(t, 2*time.Second)
		testkit.During(t, 2*time.Second, "the mesh", func() bool { return w.together() })
		for _, b := range w.beams {
			b.Expect(t, flapReport, "["+leaver.Node+"]")
			for _, line := range overlapping(b) {
				if !strings.Contains(line, "node '"+leaver.Node) && !strings.Contains(line, "node "+leaver.Node) {
					t.Errorf("%s: %s", b.Node, line)
				}
			}
		}
		w.beams[0].Expect(t, "global:register_name(after_all, self()).", "yes")
	})
}

// flapRecorder starts a process that remembers nodes that go down; flapReport
// lists them.
const (
	flapRecorder = `S = self(), spawn(fun() -> ok = net_kernel:monitor_nodes(true), true = register(flaps, self()), S ! ready,
		(fun L(Seen) -> receive {nodedown, N} -> L([N | Seen]); {nodeup, _} -> L(Seen); {report, P} -> P ! {flaps, lists:usort(Seen)}, L(Seen) end end)([]) end),
		receive ready -> true end.`
	flapReport = `flaps ! {report, self()}, receive {flaps, L} -> L after 3000 -> none end.`
)

// TestNoFlaps: with overlapping partitions prevented, as is the default since OTP
// 25, a quiet cluster and a busy one keep every link.
func TestNoFlaps(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.tick = 4
		w.cluster(t)
		for _, b := range w.beams {
			b.Expect(t, flapRecorder, "true")
		}
		long := 20 * time.Second
		if testkit.Soak() {
			long = 5 * time.Minute
		}
		for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Second) {
			for i, b := range w.beams { // names come and go meanwhile
				b.Expect(t, fmt.Sprintf("global:re_register_name({busy, %d}, self()).", i), "yes")
			}
		}
		for _, b := range w.beams {
			b.Expect(t, flapReport, "[]")
			if lines := overlapping(b); len(lines) != 0 {
				t.Errorf("%s: %q", b.Node, lines)
			}
		}
		w.complete(t, time.Second)
	})
}
