//go:build interop

package global

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// TestInteropConflict lets two partitions with the same names meet, for each of
// the three methods: the name is then the same everywhere.
func TestInteropConflict(t *testing.T) {
	worlds(t, 2, func(t *testing.T, w *world, otps []testkit.OTP) {
		one, two := w.ours("a1@localhost"), w.ours("z2@localhost")
		b1, b2 := w.beam(otps[0], "-connect_all", "true"), w.beam(otps[1])
		connect(t, one, b1.Node)
		connect(t, two, b2.Node)
		one.sync(t)
		two.sync(t)
		methods := []string{"random_exit_name", "random_notify_name", "notify_all_name"}
		var goProcs [][2]*node.Mailbox
		for _, m := range methods {
			goProcs = append(goProcs, [2]*node.Mailbox{w.goName("gg_"+m, m, one), w.goName("gg_"+m, m, two)})
			w.beamName("bb_"+m, m, b1)
			w.beamName("bb_"+m, m, b2)
			w.goName("gb_"+m, m, one)
			w.beamName("gb_"+m, m, b2)
			w.beamName("bg_"+m, m, b1)
			w.goName("bg_"+m, m, two)
		}
		connect(t, one, "z2@localhost")
		w.complete(syncLimit)
		for _, m := range methods {
			for _, kind := range []string{"gg_", "bb_", "gb_", "bg_"} {
				w.agree(kind+m, m == "notify_all_name")
			}
		}
		// Both are ours: the one on the greater node was killed, told, both told.
		if got := receive(t, goProcs[0][1]); got != nil {
			t.Errorf("killed process got %v", got)
		}
		want := etf.Tuple{atom("global_name_conflict"), atom("gg_random_notify_name")}
		if got := receive(t, goProcs[1][1]); !etf.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		for i, p := range goProcs[2] {
			want := etf.Tuple{atom("global_name_conflict"), atom("gg_notify_all_name"), goProcs[2][1-i].Pid()}
			if got := receive(t, p); !etf.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		}
	})
}

func receive(t *testing.T, m *node.Mailbox) etf.Term {
	t.Helper()
	got, err := m.Receive(t.Context())
	if msg, ok := got.(node.Message); ok {
		return msg.Term
	}
	if err == nil {
		t.Errorf("got %v", got)
	}
	return nil
}

func (w *world) goName(name, method string, n *testNode) *node.Mailbox {
	w.t.Helper()
	p := process(w.t, n)
	if err := n.global.Register(w.t.Context(), atom(name), p.Pid(), Method("global:"+method)); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) beamName(name, method string, b *testkit.BEAM) {
	w.t.Helper()
	b.Expect(w.t, fmt.Sprintf("global:register_name(%s, spawn(fun() -> receive stop -> ok end end), fun global:%s/3).", name, method), "yes")
}

// agree checks that a name is the same process everywhere, or nobody's.
func (w *world) agree(name string, nobody bool) {
	w.t.Helper()
	// A killed process takes its name with it only where it had it.
	var where []string
	testkit.Within(w.t, time.Second, name+" is the same everywhere", func() bool {
		where = nil
		for _, n := range w.gos {
			pid, _ := n.global.Whereis(atom(name))
			where = append(where, string(pid.Node))
		}
		for _, b := range w.beams {
			at := b.Eval(w.t, fmt.Sprintf("case global:whereis_name(%s) of undefined -> none; P -> node(P) end.", name))
			where = append(where, strings.Trim(strings.Replace(at, "none", "", 1), "'"))
		}
		for _, at := range where {
			if at != where[0] {
				return false
			}
		}
		return (where[0] == "") == nobody
	})
	w.t.Log(name, where)
}
