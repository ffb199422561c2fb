//go:build interop

package pg_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

// world is a scope of ours and one of a real node.
type world struct {
	t     *testing.T
	lab   *lab.Lab
	otp   testkit.OTP
	node  *node.Node
	scope *pg.Scope
	beam  *testkit.BEAM
	first string // pid of the BEAM's scope
}

const patience = 5 * time.Second

func eachOTP(t *testing.T, test func(w *world)) {
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			w := &world{t: t, lab: lab.New(t), otp: otp}
			w.startNode()
			w.startBEAM()
			test(w)
		})
	}
}

func (w *world) startNode() {
	w.t.Helper()
	lab.Within(w.t, patience, "go@localhost starts", func() bool {
		n, err := node.Start(w.t.Context(), node.Options{
			Name: "go@localhost", Cookie: lab.Cookie, EPMD: node.EPMDExternal, EPMDPort: w.lab.EPMDPort,
		})
		w.node = n
		return err == nil
	})
	n := w.node
	w.t.Cleanup(func() { lab.Stop(w.t, "node", n.Stop) })
	w.scope = start(w.t, n, "chat")
}

func (w *world) startBEAM() {
	w.t.Helper()
	lab.Within(w.t, patience, "the name is free", func() bool {
		w.beam = testkit.StartBEAM(w.t, testkit.BEAMOptions{OTP: w.otp, Name: "beam@localhost", Cookie: lab.Cookie, Env: w.lab.Env()})
		return !w.beam.Exited()
	})
	w.beam.Expect(w.t, `element(1, pg:start(chat)).`, "ok")
	w.first = w.beam.Eval(w.t, `whereis(chat).`)
	w.beam.Expect(w.t, `persistent_term:put(new, fun(Name) ->
		P = spawn(fun L() -> receive stop -> ok; {From, Msg} -> From ! {self(), Msg}, L(); _ -> L() end end),
		register(Name, P), P end).`, "ok")
	w.beam.Expect(w.t, `persistent_term:put(nodes, fun(G) ->
		lists:sort([node(P) || P <- pg:get_members(chat, G)]) end).`, "ok")
}

func (w *world) connect() {
	w.t.Helper()
	lab.Within(w.t, patience, "connected", func() bool {
		_, err := w.node.Connect(w.t.Context(), "beam@localhost")
		return err == nil
	})
}

// eval evaluates an expression with New(Name) for a new process.
func (w *world) eval(expr string) string {
	w.t.Helper()
	expr = strings.ReplaceAll(expr, "New(", "(persistent_term:get(new))(")
	return w.beam.Eval(w.t, expr)
}

// ok evaluates and wants ok.
func (w *world) ok(expr string) {
	w.t.Helper()
	if got := w.eval(expr); got != "ok" {
		w.t.Fatalf("%s: %s", expr, got)
	}
}

// sees waits until the BEAM lists these nodes as those of the members of a group.
func (w *world) sees(group string, nodes ...string) {
	w.t.Helper()
	want, got := "["+strings.Join(nodes, ",")+"]", ""
	for begin := time.Now(); got != want; time.Sleep(20 * time.Millisecond) {
		got = w.beam.Eval(w.t, "(persistent_term:get(nodes))("+group+").")
		if time.Since(begin) > lab.Slack*patience {
			w.t.Fatalf("OTP %s: group %s is %s, want %s", w.otp.Release, group, got, want)
		}
	}
}

// has waits until we list these nodes.
func (w *world) has(group etf.Term, nodes ...string) {
	w.t.Helper()
	want := fmt.Sprint(nodes)
	lab.Within(w.t, patience, fmt.Sprintf("group %v has %s", group, want), func() bool {
		return fmt.Sprint(nodesOf(w.scope.Members(group))) == want
	})
}

func nodesOf(pids []etf.Pid) []string {
	var beam, ours []string
	for _, pid := range pids {
		if pid.Node == "beam@localhost" {
			beam = append(beam, "beam@localhost")
		} else {
			ours = append(ours, string(pid.Node))
		}
	}
	return append(beam, ours...)
}

// survived checks that the BEAM's scope is the one that was started.
func (w *world) survived() {
	w.t.Helper()
	w.beam.Expect(w.t, `whereis(chat).`, w.first)
}

const (
	beamNode = "beam@localhost"
	goNode   = "go@localhost"
)

func TestInteropJoinLeave(t *testing.T) {
	eachOTP(t, func(w *world) {
		p, q := spawn(t, w.node), spawn(t, w.node)
		join(t, w.scope, atom("g"), p.Pid(), p.Pid())
		w.ok(`pg:join(chat, g, New(b1)), pg:join(chat, {h, #{x => 1, <<"y">> => 2}}, New(b2)).`)
		w.connect()
		w.sees("g", beamNode, goNode, goNode)
		w.has(atom("g"), beamNode, goNode, goNode)
		odd := tuple(atom("h"), etf.Map{{Key: "y", Value: 2}, {Key: atom("x"), Value: 1}})
		w.has(odd, beamNode)
		join(t, w.scope, odd, q.Pid())
		w.sees(`{h, #{x => 1, <<"y">> => 2}}`, beamNode, goNode)

		w.ok(`pg:join(chat, g, [whereis(b1), whereis(b2), whereis(b1)]).`)
		w.has(atom("g"), beamNode, beamNode, beamNode, beamNode, goNode, goNode)
		w.ok(`pg:leave(chat, g, [whereis(b1), whereis(b2)]).`)
		w.has(atom("g"), beamNode, beamNode, goNode, goNode)
		join(t, w.scope, atom("g"), q.Pid(), p.Pid(), q.Pid())
		w.sees("g", beamNode, beamNode, goNode, goNode, goNode, goNode, goNode)
		if err := w.scope.Leave(atom("g"), q.Pid(), p.Pid(), p.Pid(), p.Pid()); err != nil {
			t.Fatal(err)
		}
		w.sees("g", beamNode, beamNode, goNode)
		w.survived()
	})
}

func TestInteropDeaths(t *testing.T) {
	eachOTP(t, func(w *world) {
		w.connect()
		p, q := spawn(t, w.node), spawn(t, w.node)
		join(t, w.scope, atom("g"), p.Pid(), q.Pid(), p.Pid())
		join(t, w.scope, atom("h"), p.Pid())
		w.ok(`pg:join(chat, g, [New(b1), New(b2)]), pg:join(chat, g, whereis(b1)), pg:join(chat, h, whereis(b1)).`)
		w.sees("g", beamNode, beamNode, beamNode, goNode, goNode, goNode)
		w.has(atom("g"), beamNode, beamNode, beamNode, goNode, goNode, goNode)
		p.Terminate(atom("boom"))
		w.sees("g", beamNode, beamNode, beamNode, goNode)
		w.sees("h", beamNode)
		w.eval(`exit(whereis(b1), kill).`)
		w.has(atom("g"), beamNode, goNode)
		w.has(atom("h"))
		w.survived()

		// Our node ends and comes again.
		lab.Stop(t, "scope", w.scope.Stop)
		w.sees("g", beamNode)
		lab.Stop(t, "node", w.node.Stop)
		w.startNode()
		p = spawn(t, w.node)
		join(t, w.scope, atom("g"), p.Pid())
		w.connect()
		w.sees("g", beamNode, goNode)
		w.has(atom("g"), beamNode, goNode)
		w.survived()

		// Theirs does.
		w.beam.Kill(t)
		w.has(atom("g"), goNode)
		w.startBEAM()
		w.ok(`pg:join(chat, g, New(b1)).`)
		w.connect()
		w.sees("g", beamNode, goNode)
		w.has(atom("g"), beamNode, goNode)

		// Only their scope does.
		w.eval(`exit(whereis(chat), kill).`)
		w.has(atom("g"), goNode)
		w.beam.Expect(t, `element(1, pg:start(chat)).`, "ok")
		w.first = w.beam.Eval(t, `whereis(chat).`)
		w.sees("g", goNode)
		w.survived()
	})
}

// TestInteropSurvives sends all that we ever send, in the orders in which a
// scope could trip over it.
func TestInteropSurvives(t *testing.T) {
	eachOTP(t, func(w *world) {
		w.connect()
		var pids []etf.Pid
		for range 3 {
			pids = append(pids, spawn(t, w.node).Pid())
		}
		g := atom("g")
		again := func() { // a second discover, in both forms, makes us sync again
			w.eval(`{chat, 'go@localhost'} ! {discover, whereis(chat)}, {chat, 'go@localhost'} ! {discover, whereis(chat), 1}.`)
		}
		for i := range 30 {
			join(t, w.scope, g, pids...)
			join(t, w.scope, g, pids[i%3])
			again()
			if err := w.scope.Leave(g, pids[2], pids[0], pids[1], pids[i%3]); err != nil {
				t.Fatal(err)
			}
			again()
			join(t, w.scope, i, pids[0], pids[1])
			if i%2 == 0 {
				if err := w.scope.Leave(i, pids[1], pids[0]); err != nil {
					t.Fatal(err)
				}
			}
			join(t, w.scope, i, pids[1])
			again()
		}
		join(t, w.scope, atom("done"), pids[0])
		w.sees("done", goNode)
		w.sees("g")
		w.sees("29", goNode, goNode, goNode)
		w.sees("28", goNode)
		for range 5 { // links come and go under changes
			w.node.Disconnect(beamNode, node.ErrClosedByPeer)
			join(t, w.scope, g, pids[0])
			w.connect()
			_ = w.scope.Leave(atom("done"), pids[0])
			join(t, w.scope, atom("done"), pids[0])
		}
		lab.Within(t, patience, "connected and known", func() bool {
			w.connect()
			return w.beam.Eval(t, `(persistent_term:get(nodes))(g).`) == "["+strings.Repeat(goNode+",", 4)+goNode+"]"
		})
		w.sees("done", goNode)
		w.survived()
	})
}

func TestInteropCalls(t *testing.T) {
	eachOTP(t, func(w *world) {
		w.connect()
		p := spawn(t, w.node)
		join(t, w.scope, atom("g"), p.Pid())
		w.sees("g", goNode)
		call := func(request, want string) {
			t.Helper()
			w.beam.Expect(t, fmt.Sprintf(`gen_server:call({chat, 'go@localhost'}, %s).`, request), want)
		}
		w.beam.Expect(t, `element(1, gen_server:call({chat, 'go@localhost'}, {join_local, g, self()})).`, "error")
		call(`{leave_local, g, hd(pg:get_members(chat, g))}`, "ok")
		call(`{leave_local, g, []}`, "not_joined")
		call(`whatever`, "{error,notsup}")
		w.beam.Expect(t, fmt.Sprintf(`{R, M} = gen_server:call({chat, 'go@localhost'}, monitor), true = is_reference(R), true = is_map(M),
			pg:join(chat, seen, self()), V = receive {R, join, seen, [P]} -> P =:= self() after %d -> late end,
			{V, gen_server:call({chat, 'go@localhost'}, {demonitor, R})}.`, lab.Slack*patience.Milliseconds()), "{true,ok}")
		w.survived()
	})
}

// TestInteropMembersAreReached: the pids that are told are the ones that work.
func TestInteropMembersAreReached(t *testing.T) {
	eachOTP(t, func(w *world) {
		w.connect()
		m, err := w.node.Mailbox("", 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Close)
		f := &fake{m, w.node}
		join(t, w.scope, atom("g"), m.Pid())
		w.ok(`pg:join(chat, g, New(b1)).`)
		w.sees("g", beamNode, goNode)
		w.has(atom("g"), beamNode, goNode)
		for _, pid := range w.scope.Members(atom("g")) {
			if pid.Node == beamNode {
				f.send(t, pid, m.Pid(), atom("hello"))
				f.expect(t, "{"+str(pid)+",hello}")
			}
		}
		w.eval(`[P ! hello_go || P <- pg:get_members(chat, g), node(P) =/= node()].`)
		f.expect(t, "hello_go")
	})
}
