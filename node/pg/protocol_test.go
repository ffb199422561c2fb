package pg_test

import (
	"testing"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

// scripted is a real scope and a fake one that have met.
type scripted struct {
	scope    *pg.Scope
	fake     *fake
	p        *node.Process // on the scope's node
	us, them etf.Pid
	name     etf.Term // of the scope, for the fake
}

func script(t *testing.T) *scripted {
	l := lab.New(t)
	a, f := l.Start(t, "a@localhost"), l.Start(t, "f@localhost")
	x := &scripted{scope: start(t, a, "chat"), fake: newFake(t, f, "chat"), p: spawn(t, a)}
	x.us, x.them = x.scope.Pid(), x.fake.Pid()
	x.name = tuple(atom("chat"), atom("a@localhost"))
	lab.Connect(t, f, a)
	x.fake.expect(t, "{discover,"+str(x.us)+"}")
	return x
}

func (x *scripted) sync(groups string) string {
	return "{'$gen_cast',{sync," + str(x.us) + "," + groups + "}}"
}

func (x *scripted) send(t *testing.T, msg ...etf.Term) {
	t.Helper()
	x.fake.send(t, x.name, msg...)
}

// TestWire: every message that goes out, in the form that all releases take.
func TestWire(t *testing.T) {
	x := script(t)
	g, p := atom("g"), x.p.Pid()
	join(t, x.scope, g, p) // not told: the peer has not asked yet
	x.send(t, atom("discover"), x.them)
	x.fake.expect(t, x.sync("[{g,["+str(p)+"]}]"), "{discover,"+str(x.us)+"}")
	x.send(t, atom("discover"), x.them)
	x.fake.expect(t, x.sync("[{g,["+str(p)+"]}]")) // known by now: no second discover
	join(t, x.scope, g, p)
	x.fake.expect(t, "{join,"+str(x.us)+",g,"+str(p)+"}")
	join(t, x.scope, atom("h"), p, p)
	x.fake.expect(t, "{join,"+str(x.us)+",h,["+str(p)+","+str(p)+"]}")
	if err := x.scope.Leave(g, p, p, p); err != nil {
		t.Fatal(err)
	}
	leave := "{leave," + str(x.us) + "," + str(p) + ",[g]}"
	x.fake.expect(t, leave, leave)
	_ = x.scope.Leave(g, p) // not a member: nothing is told
	x.p.Terminate(atom("normal"))
	x.fake.expect(t, "{leave,"+str(x.us)+","+str(p)+",[h,h]}")

	x.send(t, atom("discover"), x.them)
	x.fake.expect(t, x.sync("[]"))
}

// TestVersions: OTP 29 greets with a third element; the answer is the same.
func TestVersions(t *testing.T) {
	x := script(t)
	x.send(t, atom("discover"), x.them, 1)
	x.fake.expect(t, x.sync("[]"), "{discover,"+str(x.us)+"}")
}

func TestPeerChanges(t *testing.T) {
	x := script(t)
	f, g, h := x.fake, atom("g"), atom("h")
	q, r := spawn(t, f.node).Pid(), spawn(t, f.node).Pid()
	var seen events
	if _, _, err := x.scope.MonitorAll(seen.add); err != nil {
		t.Fatal(err)
	}
	pids := func(p ...etf.Term) etf.List { return p }
	x.send(t, atom("join"), x.them, g, q) // not known yet: ignored
	f.send(t, x.us, atom("$gen_cast"), tuple(atom("sync"), x.them, etf.List{tuple(g, pids(q, r, q))}))
	expect(t, x.scope, g, q, q, r)
	f.send(t, x.us, atom("join"), x.them, g, r)
	f.send(t, x.us, atom("join"), x.them, h, pids(r, q))
	expect(t, x.scope, h, q, r)
	expect(t, x.scope, g, q, q, r, r)
	f.send(t, x.us, atom("leave"), x.them, q, etf.List{g, h, g})
	expect(t, x.scope, h, r)
	expect(t, x.scope, g, r, r)
	f.send(t, x.us, atom("leave"), x.them, pids(r, q, r), etf.List{g, atom("unknown"), 1.5})
	expect(t, x.scope, g)
	// A new sync replaces everything; a plain one does so too.
	f.send(t, x.us, atom("sync"), x.them, etf.List{tuple(g, pids(q)), tuple(atom("i"), pids(q))})
	expect(t, x.scope, h)
	expect(t, x.scope, g, q)
	expect(t, x.scope, atom("i"), q)
	f.Close()
	expect(t, x.scope, g)
	lab.Within(t, limit, "nothing is left", func() bool { return len(x.scope.Groups())+len(x.scope.Peers()) == 0 })
	lab.Within(t, limit, "all events", func() bool { return len(seen.all()) >= 12 })
}

// TestForeignMembers: a peer speaks for its own node only, and nobody can play
// our scope.
func TestForeignMembers(t *testing.T) {
	x := script(t)
	other := etf.Pid{Node: "z@localhost", ID: 9, Creation: 9}
	q := spawn(t, x.fake.node).Pid()
	x.send(t, atom("discover"), x.them)
	x.send(t, atom("join"), x.them, atom("g"), etf.List{other, q, x.p.Pid()})
	expect(t, x.scope, atom("g"), q)
	x.send(t, atom("join"), x.us, atom("g"), x.p.Pid())
	x.send(t, atom("discover"), x.us)
	x.send(t, atom("discover"), other) // no link to that node
	x.send(t, atom("join"), x.them, atom("done"), q)
	expect(t, x.scope, atom("done"), q)
	expect(t, x.scope, atom("g"), q)
	if peers := x.scope.Peers(); len(peers) != 1 || peers[0] != "f@localhost" {
		t.Errorf("peers %v", peers)
	}
}

func TestGarbage(t *testing.T) {
	x := script(t)
	q := spawn(t, x.fake.node).Pid()
	for _, msg := range []etf.Term{
		atom("x"), tuple(), tuple(1), tuple(atom("discover")), tuple(atom("discover"), 1), tuple(atom("discover"), x.them, 1, 2),
		tuple(x.them, x.them), tuple(atom("sync"), x.them), cast(atom("x")), cast(tuple(atom("sync"), x.them, 1)),
		tuple(atom("join"), x.them, atom("g")), tuple(atom("join"), x.them, atom("g"), 1), tuple(atom("join"), x.them, atom("g"), etf.List{}),
		tuple(atom("leave"), x.them, q, atom("g")), tuple(atom("nodeup"), atom("f@localhost")), tuple(atom("DOWN"), 1, 2, 3, 4),
		cast(tuple(atom("sync"), x.them, etf.List{1, tuple(1), tuple(atom("e"), etf.List{}), tuple(atom("g"), etf.List{1, q})})),
	} {
		if err := x.fake.Send(t.Context(), x.name, msg); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, x.scope, atom("g"), q)
	if len(x.scope.Groups()) != 1 {
		t.Errorf("groups %v", x.scope.Groups())
	}
}

func TestCalls(t *testing.T) {
	x := script(t)
	p, q := x.p.Pid(), spawn(t, x.fake.node).Pid()
	call := func(request etf.Term) string {
		t.Helper()
		got, err := x.fake.node.GenCall(t.Context(), "a@localhost", "chat", request)
		if err != nil {
			t.Fatal(err)
		}
		return str(got)
	}
	check := func(request etf.Term, want string) {
		t.Helper()
		if got := call(request); got != want {
			t.Errorf("%s: %s, want %s", str(request), got, want)
		}
	}
	check(tuple(atom("join_local"), atom("g"), p), "ok")
	check(tuple(atom("join_local"), atom("g"), etf.List{p}), "ok")
	check(tuple(atom("join_local"), atom("g"), q), "{error,{nolocal,"+str(q)+"}}")
	check(tuple(atom("leave_local"), atom("g"), etf.List{p}), "ok")
	check(tuple(atom("leave_local"), atom("h"), p), "not_joined")
	check(tuple(atom("leave_local"), atom("h"), etf.List{q, 1}), "{error,{nolocal,["+str(q)+",1]}}")
	check(tuple(atom("demonitor"), x.scope.Node().MakeRef()), "false")
	check(tuple(atom("demonitor"), 1), "false")
	for _, unknown := range []etf.Term{atom("which_groups"), 7, tuple(), tuple(atom("monitor"), 1, 2), etf.List{}} {
		check(unknown, "{error,notsup}")
	}
	expect(t, x.scope, atom("g"), p)
}

// TestObservers: pg:monitor of a process on another node.
func TestObservers(t *testing.T) {
	x := script(t)
	f, p := x.fake, x.p.Pid()
	join(t, x.scope, atom("g"), p)
	ask := func(request etf.Term) (etf.Ref, string) {
		t.Helper()
		f.send(t, x.name, atom("$gen_call"), tuple(x.them, x.fake.node.MakeRef()), request)
		ctx := t.Context()
		item, err := f.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := etf.AsTuple(item.(node.Message).Term, 2)
		pair, ok := etf.AsTuple(answer[1], 2)
		if !ok {
			t.Fatalf("answer %s", str(answer))
		}
		return pair[0].(etf.Ref), str(pair[1])
	}
	one, now := ask(tuple(atom("monitor"), atom("g")))
	if now != "["+str(p)+"]" {
		t.Errorf("group now: %s", now)
	}
	all, now := ask(atom("monitor"))
	if now != "#{g => ["+str(p)+"]}" {
		t.Errorf("all now: %s", now)
	}
	none, now := ask(tuple(atom("monitor"), atom("none")))
	if now != "[]" {
		t.Errorf("none now: %s", now)
	}
	join(t, x.scope, atom("h"), p)
	f.expect(t, "{"+str(all)+",join,h,["+str(p)+"]}")
	for _, ref := range []etf.Ref{all, none} {
		if got, err := f.node.GenCall(t.Context(), "a@localhost", "chat", tuple(atom("demonitor"), ref)); err != nil || got != etf.Term(atom("ok")) {
			t.Fatal(got, err)
		}
	}
	x.p.Terminate(atom("normal"))
	f.expect(t, "{"+str(one)+",leave,g,["+str(p)+"]}")
}
