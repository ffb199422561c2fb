package pg_test

import (
	"context"
	"testing"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

// fuzzed is a scope and a peer that sends it anything.
type fuzzed struct {
	scope *pg.Scope
	fake  *fake
	local etf.Pid // a process on the scope's node
}

// real replaces the pids and references of a term by ones that mean something
// here.
func (x *fuzzed) real(t etf.Term) etf.Term {
	all := func(list []etf.Term) []etf.Term {
		out := make([]etf.Term, len(list))
		for i, e := range list {
			out[i] = x.real(e)
		}
		return out
	}
	switch v := t.(type) {
	case etf.Pid:
		return []etf.Term{x.fake.Pid(), x.scope.Pid(), x.local, v}[v.ID%4]
	case etf.Tuple:
		return etf.Tuple(all(v))
	case etf.List:
		return etf.List(all(v))
	case etf.ImproperList:
		return etf.ImproperList{Head: all(v.Head), Tail: x.real(v.Tail)}
	}
	return t
}

// FuzzMessage gives a scope any messages. It must neither panic nor lose its
// order, and what it sends must be of the protocol.
func FuzzMessage(f *testing.F) {
	l := lab.New(f)
	a, n := l.Start(f, "a@localhost"), l.Start(f, "f@localhost")
	x := &fuzzed{scope: start(f, a, "chat"), fake: newFake(f, n, "chat"), local: spawn(f, a).Pid()}
	lab.Connect(f, n, a)
	them := func(id uint32) etf.Pid { return etf.Pid{Node: "f@localhost", ID: id, Creation: 1} }
	peer, us, local := them(0), them(1), them(2)
	g := atom("g")
	for _, seed := range []etf.List{
		{tuple(atom("discover"), peer)},
		{tuple(atom("discover"), peer, 1), tuple(atom("discover"), us), tuple(atom("discover"), them(3))},
		{cast(tuple(atom("sync"), peer, etf.List{tuple(g, etf.List{peer, peer}), tuple(g, etf.List{local})}))},
		{tuple(atom("sync"), peer, etf.List{tuple(etf.Map{{Key: 2, Value: 1}, {Key: 1, Value: 1}}, etf.List{peer})})},
		{tuple(atom("discover"), peer), tuple(atom("join"), peer, g, peer), tuple(atom("leave"), peer, etf.List{peer, peer}, etf.List{g, g})},
		{tuple(atom("leave"), us, local, etf.List{g}), tuple(atom("join"), us, g, local)},
		{tuple(atom("$gen_call"), tuple(peer, 1), tuple(atom("join_local"), g, local)), tuple(atom("$gen_call"), tuple(peer, 1), tuple(atom("leave_local"), g, etf.List{local}))},
		{tuple(atom("$gen_call"), tuple(peer, 1), atom("monitor")), tuple(atom("$gen_call"), tuple(peer, 1), tuple(atom("monitor"), g))},
		{tuple(atom("$gen_call"), tuple(us, 1), atom("monitor")), tuple(atom("$gen_call"), tuple(them(3), 1), tuple(atom("demonitor"), 1))},
		{1, tuple(), cast(1), tuple(atom("$gen_call"), peer, 1)},
	} {
		b, err := etf.Encode(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, _, err := etf.Decode(b)
		list, ok := messages.(etf.List)
		if err != nil || !ok || len(list) > 50 {
			return
		}
		for _, msg := range list {
			pg.Deliver(x.scope, x.fake.Pid(), x.real(msg))
		}
		if err := pg.Check(x.scope); err != nil {
			t.Fatal(err)
		}
		x.judge(t)
	})
}

// judge looks at all that the peer was sent.
func (x *fuzzed) judge(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), lab.Slack*limit)
	defer cancel()
	// Answered after all that was sent before.
	if got, err := x.fake.node.GenCall(ctx, "a@localhost", "chat", tuple(atom("demonitor"), 0)); err != nil || got != etf.Term(atom("false")) {
		t.Fatalf("the scope is dead: %v, %v", got, err)
	}
	done, stop := context.WithCancel(ctx)
	stop()
	for {
		item, err := x.fake.Receive(done)
		if err != nil {
			return
		}
		if m, ok := item.(node.Message); ok && !allowed(m.Term) {
			t.Fatalf("sent %s", etf.String(m.Term))
		}
	}
}

// allowed are the messages of the protocol, answers {Tag, Answer} to calls, and
// events {Ref, join | leave, Group, Pids} that were asked for.
func allowed(msg etf.Term) bool {
	t, ok := msg.(etf.Tuple)
	if !ok || len(t) < 2 {
		return false
	}
	_, event := t[0].(etf.Ref)
	_, pid := t[1].(etf.Pid)
	switch tag, _ := t[0].(etf.Atom); {
	case tag == "$gen_cast":
		_, sync := etf.AsTagged(t[1], "sync", 3)
		return sync && len(t) == 2
	case tag == "discover":
		return pid && len(t) == 2
	case tag == "join", tag == "leave":
		return pid && len(t) == 4
	}
	return event && len(t) == 4 || len(t) == 2
}
