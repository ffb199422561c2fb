//go:build interop

package interop

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestShellPingsFjord(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t)
		p.expect(t, b, `nodes().`, `[`+printed(p.fjordName)+`]`)
		p.fjord.WaitLog(t, time.Second, `accepted connection from :"?erl@`)
		if names := b.Eval(t, `element(1, net_adm:names("127.0.0.1")).`); names != "ok" {
			t.Errorf("net_adm:names says %s", names)
		}
	})
}

func TestFjordDialsShell(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		for _, n := range bothKinds() {
			t.Run(otp.Release+"/"+n.kind, func(t *testing.T) {
				t.Parallel()
				p := newPair(t, otp, n, "FJ_DIST_NODES", "erl@"+n.host)
				b := p.erl(t, "erl")
				p.fjord.WaitLog(t, 5*time.Second, `\[info\] \[libcluster:epmd_cluster\] connected to :"?erl@`+n.host+`"?\n`)
				p.expect(t, b, `nodes().`, `[`+printed(p.fjordName)+`]`)
				p.expect(t, b, `net_adm:ping($F).`, `pong`)
				// A shell that comes back is dialled again.
				b.Kill(t)
				testkit.Within(t, time.Second, "Fjord notices the kill", func() bool { return p.fjord.NodesInCluster() == 1 })
				b = p.erl(t, "erl")
				testkit.Within(t, 5*time.Second, "Fjord is back", func() bool {
					return b.Eval(t, `nodes().`) == `[`+printed(p.fjordName)+`]`
				})
			})
		}
	}
}

func TestWrongCookieOfTheShell(t *testing.T) {
	p := newPair(t, testkit.OTPs(t)[0], bothKinds()[0])
	b := p.erl(t, "erl")
	p.expect(t, b, `erlang:set_cookie($F, wrong), net_adm:ping($F).`, `pang`)
	p.fjord.WaitLog(t, 2*time.Second, `cookie`)
	p.expect(t, b, `erlang:set_cookie($F, fishjam_cookie), net_adm:ping($F).`, `pong`)
}

// Three BEAMs of which Fjord lists one: it learns and dials the others.
func TestFjordLearnsTheNodesOfABEAM(t *testing.T) {
	p := newPair(t, testkit.OTPs(t)[0], bothKinds()[0], "FJ_DIST_NODES", "b1@localhost")
	b1, b2, b3 := p.erl(t, "b1"), p.erl(t, "b2"), p.erl(t, "b3")
	p.expect(t, b1, `[net_adm:ping('b2@localhost'), net_adm:ping('b3@localhost')].`, `[pong,pong]`)
	for _, b := range []*testkit.BEAM{b1, b2, b3} {
		// It may have asked b1 before that knew the others: it asks again after 30 s.
		testkit.Within(t, 12*time.Second, b.Name+" sees Fjord", func() bool {
			return b.Eval(t, p.fill(`lists:member($F, nodes()).`)) == "true"
		})
	}
}

func TestKillIsNoticed(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		b := p.connect(t)
		b.Kill(t)
		testkit.Within(t, time.Second, "Fjord notices the kill of the shell", func() bool { return p.fjord.NodesInCluster() == 1 })
		b = p.connect(t)
		b.Eval(t, p.fill(`S = self(), spawn(fun() -> register(watcher, self()), erlang:monitor_node($F, true), S ! ok,
			receive M -> register(result, spawn(fun() -> receive {ask, P} -> P ! M end end)) end end), receive ok -> ok end.`))
		p.fjord.Kill(t)
		testkit.Within(t, time.Second, "the shell notices the kill of Fjord", func() bool {
			return b.Eval(t, `nodes() =:= [] andalso whereis(result) =/= undefined.`) == "true"
		})
		p.expect(t, b, `result ! {ask, self()}, receive M -> M after 1000 -> none end.`, `{nodedown,`+printed(p.fjordName)+`}`)
	})
}
