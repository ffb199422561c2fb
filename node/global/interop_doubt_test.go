//go:build interop

package global

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
)

// TestInteropDoubt takes names away from single nodes, as a message that is lost
// with a link does, and then cuts the link between two nodes of ours: names are
// compared, with BEAM nodes too, and are the same everywhere again.
func TestInteropDoubt(t *testing.T) {
	worlds(t, 2, func(t *testing.T, w *world, otps []testkit.OTP) {
		one, two := w.cluster(otps)
		for _, n := range w.gos {
			n.keep(t, w.names2()...)
			n.global.inbox.push(func() { n.global.core.doubtWait = 2 * time.Second })
		}
		b := w.beams[0]
		p := process(t, one)
		for _, name := range []string{"first", "second"} {
			if err := one.global.Register(t.Context(), atom(name+"_go"), process(t, one).Pid(), NotifyAll); err != nil {
				t.Fatal(err)
			}
			w.beamName(name+"_beam", "notify_all_name", b)
		}
		if err := one.global.Register(t.Context(), atom("lost_go"), p.Pid(), NotifyAll); err != nil {
			t.Fatal(err)
		}
		w.beamName("lost_beam", "notify_all_name", b)
		// The BEAM node loses our name, both of ours lose its.
		b.Expect(t, "gen_server:call(global_name_server, {unregister, lost_go}), global:whereis_name(lost_go).", "undefined")
		for _, n := range []*node.Node{one.Node, two.Node} {
			b.Expect(t, "gen_server:call({global_name_server, '"+n.Name()+"'}, {unregister, lost_beam}).", "ok")
		}
		one.Disconnect(two.Name(), nil)
		testkit.Within(t, 25*time.Second, "all names are everywhere", func() bool {
			return b.Eval(t, "node(global:whereis_name(lost_go)).") == one.Name() && w.have("lost_beam", b.Node) && w.have("lost_go", one.Name())
		})
		for _, name := range []string{"first_go", "second_go", "first_beam", "second_beam"} {
			w.agree(name, false)
		}
		w.complete(syncLimit)
	})
}

// have says whether all of our nodes have a name of a process of that node.
func (w *world) have(name, where string) bool {
	for _, n := range w.gos {
		if pid, ok := n.global.Whereis(atom(name)); !ok || string(pid.Node) != where {
			return false
		}
	}
	return true
}
