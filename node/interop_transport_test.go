//go:build interop

package node

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
)

// TestInteropIPv6: nodes that speak inet6_tcp only, found over an EPMD on ::1.
func TestInteropIPv6(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			w := newWorld(t, otp, kind{long: true, host: "::1"}, "-proto_dist", "inet6_tcp")
			w.connect(t)
			from := w.n.reg.up(w.b.Node).conn.RemoteAddr().String()
			if !strings.HasPrefix(from, "[::1]:") {
				t.Errorf("erl dialled from %s", from)
			}
			w.ask(t, `erpc:call(GO, erlang, node, []) =:= GO.`, "true")
			w.ask(t, `erlang:disconnect_node(GO).`, "true")
			within(t, time.Second, "link gone", func() bool { return len(w.n.Nodes()) == 0 })
			if err := w.n.Ping(short(t), w.b.Node); err != nil {
				t.Fatal(err)
			}
			if to := w.n.reg.up(w.b.Node).conn.RemoteAddr().String(); !strings.HasPrefix(to, "[::1]:") {
				t.Errorf("we dialled %s", to)
			}
		})
	}
}

// TestInteropWithoutEPMD: all nodes listen on one port, each on an address of
// its own.
func TestInteropWithoutEPMD(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			port := deafPort(t) // taken on 127.0.0.1 only
			l := newLab(t)
			n := l.start(t, "go@127.0.0.2", func(o *Options) {
				o.LongNames, o.EPMD, o.MinPort, o.ListenIP = true, EPMDOff, port, "127.0.0.2"
			})
			start := func(host string) *testkit.BEAM {
				return testkit.StartBEAM(t, testkit.BEAMOptions{
					OTP: otp, Name: "beam@" + host, Long: true, Cookie: testCookie,
					Args: []string{
						"-erl_epmd_port", fmt.Sprint(port),
						"-kernel", "inet_dist_use_interface", "{" + strings.ReplaceAll(host, ".", ",") + "}",
					},
				})
			}
			b, c := start("127.0.0.3"), start("127.0.0.4")
			b.Expect(t, "net_adm:ping('go@127.0.0.2').", "pong")
			if made, err := n.Connect(short(t), c.Node); err != nil || !made {
				t.Fatal(made, err)
			}
			if err := n.Ping(short(t), b.Node); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestInteropNameless: erl -sname undefined gets its name from us.
func TestInteropNameless(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			if otp.Release == "23" {
				t.Log("OTP 23 knows no dynamic node names: nothing to test")
				return
			}
			l := newLab(t)
			n := l.start(t, "go@localhost")
			heard := record(n)
			box := mailbox(t, n, "box")
			b := testkit.StartBEAM(t, testkit.BEAMOptions{
				OTP: otp, Name: "undefined", Cookie: testCookie, Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", l.epmdPort)},
			})
			b.Expect(t, "node().", "nonode@nohost")
			b.Expect(t, "net_kernel:connect_node('go@localhost').", "true")
			within(t, time.Second, "link is known", func() bool { return len(n.ConnectedNodes()) == 1 })
			name := n.ConnectedNodes()[0]
			b.Expect(t, "node().", etf.String(etf.Atom(name)))
			b.Expect(t, "nodes(connected).", "[go@localhost]")
			b.Expect(t, "erpc:call('go@localhost', erlang, nodes, [hidden]) =:= [node()].", "true")
			b.Expect(t, "{box, 'go@localhost'} ! {hello, self()}, ok.", "ok")
			hello, ok := receive[Message](t, box).Term.(etf.Tuple)
			if !ok || string(hello[1].(etf.Pid).Node) != name {
				t.Errorf("message %v", hello)
			}
			if err := n.Ping(short(t), name); err != nil {
				t.Error(err)
			}
			if e := heard.all()[0]; !e.Hidden || e.Node != name {
				t.Errorf("event %+v", e)
			}
			b.Expect(t, "erlang:disconnect_node('go@localhost').", "true")
			within(t, time.Second, "link gone", func() bool { return len(n.ConnectedNodes()) == 0 })
			b.Expect(t, "net_kernel:connect_node('go@localhost').", "true")
		})
	}
}

// TestInteropAskForName: erl names a node of ours.
func TestInteropAskForName(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			if otp.Release == "23" {
				t.Log("OTP 23 gives no names: nothing to test")
				return
			}
			w := &world{lab: newLab(t), otp: otp, kind: kind{host: "localhost"}}
			b := w.beam(t, "beam")
			for range 2 {
				n := w.lab.start(t, "localhost", func(o *Options) { o.NameFrom = b.Node })
				if !strings.HasSuffix(n.Name(), "@localhost") || !n.Hidden() || n.Port() != 0 {
					t.Errorf("%s, hidden %v, port %d", n.Name(), n.Hidden(), n.Port())
				}
				testkit.Within(t, time.Second, "erl lists it as hidden", func() bool {
					return b.Eval(t, "{nodes(), nodes(hidden) =:= ["+goName(n)+"]}.") == "{[],true}"
				})
				b.Expect(t, "net_adm:ping("+goName(n)+").", "pong")
				got, err := n.Call(short(t), b.Node, "erlang", "node")
				if err != nil || got != etf.Term(etf.Atom(b.Node)) {
					t.Errorf("%v, %v", got, err)
				}
				box := mailbox(t, n, "box")
				b.Expect(t, "{box, "+goName(n)+"} ! hello, ok.", "ok")
				if m := receive[Message](t, box); m.Term != etf.Term(etf.Atom("hello")) {
					t.Errorf("message %v", m)
				}
				stop(t, n)
				testkit.Within(t, time.Second, "erl notices", func() bool { return b.Eval(t, "nodes(connected).") == "[]" })
			}
		})
	}
}

// TestInteropAllow: a node that is not allowed gets no link, whoever dials.
func TestInteropAllow(t *testing.T) {
	t.Parallel()
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		strict := w.lab.start(t, w.kind.name("strict"), w.kind.set, func(o *Options) {
			o.Allow = func(name string, from netip.Addr) bool { return !strings.HasPrefix(name, "beam") && from.IsLoopback() }
		})
		w.b.Expect(t, "net_adm:ping("+goName(strict)+").", "pang")
		if _, err := strict.Connect(short(t), w.b.Node); ReasonOf(err) != "name_refused" {
			t.Errorf("we dial: %v", err)
		}
		if err := strict.Ping(short(t), w.n.Name()); err != nil {
			t.Errorf("a node that is allowed: %v", err)
		}
	})
}

// TestInteropHiddenMesh: a hidden node of ours learns nobody and is learnt by
// nobody through a third node, and a visible one is not told of it by global.
func TestInteropHiddenMesh(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			w := &world{lab: newLab(t), otp: otp, kind: kind{host: "localhost"}}
			hid := w.lab.start(t, "hid@localhost", func(o *Options) { o.Hidden = true })
			b, c := w.beam(t, "b"), w.beam(t, "c")
			b.Expect(t, "net_adm:ping('c@localhost').", "pong")
			if _, err := hid.Connect(short(t), b.Node); err != nil {
				t.Fatal(err)
			}
			testkit.Within(t, time.Second, "b knows it", func() bool {
				return b.Eval(t, "{nodes(), nodes(hidden)}.") == "{[c@localhost],[hid@localhost]}"
			})
			if got := hid.HiddenNodes(); len(hid.Nodes()) != 0 || !slices.Equal(got, []string{"b@localhost"}) {
				t.Errorf("visible %v, hidden %v", hid.Nodes(), got)
			}
			testkit.During(t, 2*time.Second, "c is not told", func() bool { return len(hid.ConnectedNodes()) == 1 })
			c.Expect(t, "{nodes(), nodes(hidden)}.", "{[b@localhost],[]}")
			b.Expect(t, "global:sync().", "ok")
			c.Expect(t, "global:sync().", "ok")
			b.Expect(t, "{ok, Names} = net_adm:names(), lists:keymember(\"hid\", 1, Names).", "true")
			b.Expect(t, "global:trans({x, self()}, fun() -> done end).", "done")
		})
	}
}

// TestInteropRounds: both sides dial at the same moment, a hundred times; each
// round ends with exactly one link, which both believe in.
func TestInteropRounds(t *testing.T) {
	t.Parallel()
	const rounds = 100
	for _, otp := range testkit.OTPs(t) {
		for _, alive := range []string{"a", "z"} { // less and greater than erl's name
			t.Run("otp"+otp.Release+"/"+alive, func(t *testing.T) {
				w := &world{lab: newLab(t), otp: otp, kind: kind{host: "localhost"}}
				w.n = w.lab.start(t, w.kind.name(alive))
				w.b = w.beam(t, "beam")
				heard := record(w.n)
				for round := range rounds {
					at := w.b.Eval(t, "erlang:system_time(millisecond) + 12.")
					done := make(chan error, 1)
					go func() {
						waitUntil(at)
						_, err := w.n.Connect(short(t), w.b.Node)
						done <- err
					}()
					w.ask(t, "timer:sleep(max(0, "+at+" - erlang:system_time(millisecond))), net_kernel:connect_node(GO).", "true")
					if err := <-done; err != nil {
						t.Fatalf("round %d: %v", round, err)
					}
					w.ask(t, `erpc:call(GO, erlang, node, []) =:= GO andalso nodes() =:= [GO].`, "true")
					if err := w.n.Ping(short(t), w.b.Node); err != nil || len(w.n.Nodes()) != 1 {
						t.Fatalf("round %d: %v, nodes %v", round, err, w.n.Nodes())
					}
					w.ask(t, `erlang:disconnect_node(GO).`, "true")
					within(t, time.Second, "link gone", func() bool { return len(w.n.Nodes()) == 0 })
				}
				within(t, time.Second, "the last end is told", func() bool { return len(heard.all()) >= 2*rounds })
				checkRounds(t, heard.all(), rounds)
			})
		}
	}
}

// checkRounds wants one up and one down for each round, in turn.
func checkRounds(t *testing.T, events []NodeEvent, rounds int) {
	t.Helper()
	dialled := 0
	for i, e := range events {
		if e.Up != (i%2 == 0) {
			t.Fatalf("event %d: %+v", i, e)
		}
		if e.Dialled {
			dialled++
		}
	}
	if len(events) != 2*rounds {
		t.Errorf("%d events in %d rounds", len(events), rounds)
	}
	t.Logf("of %d links we dialled %d", rounds, dialled)
}

// waitUntil waits for a time in milliseconds of the epoch.
func waitUntil(at string) {
	var ms int64
	_, _ = fmt.Sscan(at, &ms)
	time.Sleep(time.Until(time.UnixMilli(ms)))
}
