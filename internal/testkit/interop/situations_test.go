//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestApartNodes: a BEAM node with connect_all false, a hidden one and one without
// a name meet a Fjord node beside a cluster. They can use it, and the cluster
// neither meets them nor waits for them.
func TestApartNodes(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		f := w.fjord(t, "f1@localhost")
		b := w.beam(t)
		ping(t, b, f.Node)
		w.complete(t, syncLimit)
		otp := w.otps[0]
		apart := []*testkit.BEAM{
			w.erl(t, otp, "c1@localhost", "-connect_all", "false"),
			w.erl(t, otp, "h1@localhost", "-hidden"),
		}
		if otp.Release != "23" { // which knows no dynamic names
			apart = append(apart, w.erl(t, otp, "undefined"))
		}
		for _, c := range apart {
			c.Expect(t, fmt.Sprintf("net_kernel:connect_node('%s').", f.Node), "true")
			uses(t, c, f.Node)
			here := c.Eval(t, "node().")
			if got := b.Eval(t, fmt.Sprintf("lists:member(%s, erpc:call('%s', erlang, nodes, [connected])).", here, f.Node)); got != "true" {
				t.Errorf("Fjord does not list %s", here)
			}
		}
		testkit.During(t, 1500*time.Millisecond, "the cluster does not meet them", func() bool {
			return b.Eval(t, "nodes(connected).") == "["+f.Node+"]"
		})
		b.Expect(t, "global:sync().", "ok")
		b.Expect(t, "global:register_name(after_them, self()).", "yes")
		b.Expect(t, "global:trans({res, self()}, fun() -> done end).", "done")
		for _, c := range apart {
			c.Kill(t)
		}
		b.Expect(t, fmt.Sprintf("erpc:call('%s', erlang, nodes, [connected]) -- [node()].", f.Node), "[]")
		w.complete(t, syncLimit)
	})
}

// uses lets a process on a BEAM node do all kinds of things with a Fjord node.
func uses(t *testing.T, b *testkit.BEAM, name string) {
	t.Helper()
	for _, pair := range [][2]string{
		{"net_adm:ping($F).", "pong"},
		{"gen_server:call({echo, $F}, {echo, hi}).", "hi"},
		{"rpc:call($F, echo, echo, [hi]).", "hi"},
		{worker + "M = monitor(process, W), exit(W, x), receive {'DOWN', M, _, _, R} -> R after 3000 -> none end.", "x"},
		{"global:trans({res, self()}, fun() -> done end).", "done"},
		{"global:register_name({own, node()}, self()).", "yes"},
	} {
		b.Expect(t, strings.ReplaceAll(pair[0], "$F", "'"+name+"'"), pair[1])
	}
}

// TestAllow: a BEAM node that lets in only some nodes refuses the others, which say
// why and harm nobody.
func TestAllow(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		b := w.beam(t)
		b.Expect(t, "net_kernel:allow(['in@localhost', 'b1@localhost']).", "ok")
		out := w.launch(t, "out@localhost", nil, "-nodes", b.Node)
		in := w.fjord(t, "in@localhost", b.Node)
		w.complete(t, syncLimit)
		testkit.During(t, time.Second, "only one is let in", func() bool { return b.Eval(t, "nodes(connected).") == "["+in.Node+"]" })
		b.Expect(t, "net_adm:ping('out@localhost').", "pang")
		out.WaitLog(t, time.Second, "refused")
		b.Expect(t, "erpc:call('in@localhost', echo, ping, ['out@localhost']).", "pong")
		// The two Fjord nodes are a cluster now, of which the BEAM node lets in one.
		testkit.During(t, time.Second, "only one is let in", func() bool { return b.Eval(t, "nodes(connected).") == "["+in.Node+"]" })
	})
}

// TestCookieChange: links outlive a change of the cookie, new ones need the same on
// both sides; a BEAM node may have one for each node.
func TestCookieChange(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		b := w.beam(t)
		f := w.fjord(t, "f1@localhost", b.Node)
		w.complete(t, syncLimit)
		b.Expect(t, "erlang:set_cookie(node(), changed).", "true")
		b.Expect(t, fmt.Sprintf("gen_server:call({echo, '%s'}, {echo, hi}).", f.Node), "hi")
		b.Expect(t, fmt.Sprintf("erlang:disconnect_node('%s').", f.Node), "true")
		b.Expect(t, fmt.Sprintf("net_adm:ping('%s').", f.Node), "pang")
		testkit.During(t, 2*time.Second, "they stay apart", func() bool { return b.Eval(t, "nodes().") == "[]" })
		f.WaitLog(t, time.Second, "cookie")
		b.Expect(t, fmt.Sprintf("erlang:set_cookie('%s', %s).", f.Node, cookie), "true") // of this node only
		w.complete(t, 2*syncLimit)
		ping(t, b, f.Node)
	})
}

// TestRestartAtOnce: a BEAM node ends and comes again at once, and so does a Fjord
// node, many times, before anybody has noticed; a name of the last life is nobody's.
func TestRestartAtOnce(t *testing.T) {
	times := 1
	if testkit.Soak() {
		times = 15
	}
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		for range times {
			w.script(t, w.beams[0], [2]string{"is_pid(erpc:call($Z, echo, register, [last_life])).", "true"})
			w.fjords[1].Kill(t)
			w.again(t, w.fjords[1])
			w.beams[1].Kill(t)
			w.beams[1] = w.erl(t, w.otps[1%len(w.otps)], w.beams[1].Node)
			ping(t, w.beams[1], w.fjords[0].Node)
			w.complete(t, 2*syncLimit)
			w.script(t, w.beams[0], [2]string{"[global:whereis_name(last_life), erpc:call($F, echo, whereis, [last_life]), erpc:call($Z, echo, whereis, [last_life])].", "[undefined,undefined,undefined]"})
		}
	})
}

// TestRename: a BEAM process stops distribution and starts it under another name:
// the Fjord node loses the one and meets the other, whose global names live on.
func TestRename(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		f := w.fjord(t, "f1@localhost")
		b := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: w.otps[0], Cookie: cookie, Env: w.env()})
		b.Eval(t, fmt.Sprintf(forever, "named"))
		for _, name := range []string{"first@localhost", "second@localhost"} {
			b.Expect(t, fmt.Sprintf("{ok, _} = net_kernel:start(['%s', shortnames]), erlang:set_cookie(node(), %s).", name, cookie), "true")
			uses(t, b, f.Node)
			b.Expect(t, "global:sync().", "ok")
			b.Expect(t, "global:re_register_name(lasting, whereis(named)).", "yes")
			b.Expect(t, strings.ReplaceAll("{erpc:call($F, erlang, nodes, []), node(erpc:call($F, echo, whereis, [lasting]))}.", "$F", "'"+f.Node+"'"), fmt.Sprintf("{[%s],%[1]s}", name))
			b.Expect(t, strings.ReplaceAll("W = erpc:call($F, echo, spawn_worker, []), M = monitor(process, W), ok = net_kernel:stop(), receive {'DOWN', M, _, _, R} -> R after 3000 -> none end.", "$F", "'"+f.Node+"'"), "noconnection")
		}
	})
}

// TestGroupMonitor: pg:monitor_scope tells of the groups of a Fjord node.
func TestGroupMonitor(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		f := w.fjord(t, "f1@localhost")
		b := w.beam(t)
		b.Expect(t, "element(1, pg:start(pg)).", "ok")
		if b.Eval(t, "erlang:function_exported(pg, monitor_scope, 1).") != "true" {
			return // before OTP 25.1
		}
		ping(t, b, f.Node)
		b.Expect(t, strings.ReplaceAll(`{M, _} = pg:monitor_scope(pg), W = erpc:call($F, echo, join, [watched]),
			A = receive {M, join, watched, [W]} -> join after 3000 -> none end, exit(W, kill), B = receive {M, leave, watched, [W]} -> leave after 3000 -> none end, {A, B}.`, "$F", "'"+f.Node+"'"), "{join,leave}")
	})
}
