//go:build interop

package global

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
)

// tickTime is the net_ticktime of all nodes of a test that waits for it.
const tickTime = 4 * time.Second

// TestInteropFreeze stops a BEAM node, then one of ours, for longer than the
// net_ticktime, with SIGSTOP. The others lose it and stay together; when it goes on
// and is dialled all are in sync again.
func TestInteropFreeze(t *testing.T) {
	worlds(t, 3, func(t *testing.T, w *world, otps []testkit.OTP) {
		ticks := func(o *node.Options) { o.NetTickTime = tickTime }
		one, two := w.ours("a1@localhost", ticks), w.ours("z2@localhost", ticks)
		connect(t, one, two.Name())
		for _, otp := range otps {
			b := w.beam(otp, "-kernel", "net_ticktime", fmt.Sprint(int(tickTime.Seconds())))
			connect(t, one, b.Node)
			w.complete(syncLimit)
		}
		for _, n := range w.gos {
			n.keep(t, w.names2()...)
		}
		frozen := w.beams[1]
		w.freeze(frozen.Node, func(sig syscall.Signal) { frozen.Signal(t, sig) })
		w.complete(3 * syncLimit)
		w.names()

		c := w.startChild("child@localhost", "tick")
		connected := func() bool {
			return slices.Contains(one.Nodes(), c.name) && slices.Contains(one.global.Synced(), c.name)
		}
		one.keep(t, c.name)
		testkit.Within(t, syncLimit, "child has joined", connected)
		w.freeze(c.name, func(sig syscall.Signal) { c.signal(t, sig) })
		testkit.Within(t, 3*syncLimit, "child has joined again", connected)
		for _, b := range w.beams {
			b.Expect(t, "global:sync().", "ok")
			testkit.Within(t, syncLimit, "child is linked", func() bool {
				return b.Eval(t, "lists:member('child@localhost', nodes()).") == "true"
			})
			b.Expect(t, "global:trans({res, self()}, fun() -> done end).", "done")
		}
	})
}

// freeze stops a node until all have lost it, and lets it go on. The others stay
// together all the time.
func (w *world) freeze(name string, signal func(syscall.Signal)) {
	w.t.Helper()
	signal(syscall.SIGSTOP)
	testkit.Within(w.t, 2*tickTime, name+" is lost", func() bool {
		w.together(name)
		for _, b := range w.beams {
			if b.Node != name && b.Eval(w.t, fmt.Sprintf("lists:member('%s', nodes()).", name)) == "true" {
				return false
			}
		}
		return !slices.ContainsFunc(w.gos, func(n *testNode) bool { return slices.Contains(n.Nodes(), name) })
	})
	signal(syscall.SIGCONT)
}
