package pg_test

import (
	"errors"
	"math"
	"testing"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

func TestLocal(t *testing.T) {
	n := lab.New(t).Start(t, "a@localhost")
	s := start(t, n, "chat")
	p, q := spawn(t, n), spawn(t, n)
	g := atom("g")
	join(t, s, g, p.Pid(), q.Pid(), p.Pid())
	join(t, s, tuple(1, "x"), p.Pid())
	expect(t, s, g, p.Pid(), p.Pid(), q.Pid())
	if got := printed(s.LocalMembers(g)); got != members(s, g) {
		t.Errorf("local members %s", got)
	}
	if len(s.Groups()) != 2 {
		t.Errorf("groups %v", s.Groups())
	}
	if err := s.Leave(g, p.Pid()); err != nil {
		t.Error(err)
	}
	expect(t, s, g, p.Pid(), q.Pid())
	if err := s.Leave(g, p.Pid(), p.Pid(), p.Pid()); err != nil {
		t.Error(err)
	}
	expect(t, s, g, q.Pid())
	if err := s.Leave(g, p.Pid()); !errors.Is(err, pg.ErrNotJoined) {
		t.Errorf("left twice: %v", err)
	}
	q.Terminate(atom("normal"))
	expect(t, s, g)
	expect(t, s, tuple(1, "x"), p.Pid())
	p.Terminate(atom("normal"))
	lab.Within(t, limit, "no group is left", func() bool { return len(s.Groups()) == 0 })
	join(t, s, g, p.Pid()) // has ended: leaves at once
	expect(t, s, g)
}

func TestErrors(t *testing.T) {
	n := lab.New(t).Start(t, "a@localhost")
	s := start(t, n, "chat")
	p := spawn(t, n)
	foreign := etf.Pid{Node: "b@localhost", ID: 1, Creation: 5}
	if err := s.Join(atom("g"), p.Pid(), foreign); !errors.Is(err, pg.ErrNotLocal) {
		t.Errorf("foreign: %v", err)
	}
	if err := s.Leave(atom("g"), foreign); !errors.Is(err, pg.ErrNotLocal) {
		t.Errorf("foreign: %v", err)
	}
	for _, bad := range []etf.Term{math.NaN(), struct{}{}, etf.Atom("\xff"), etf.Map{{Key: 1, Value: math.Inf(1)}}} {
		if err := s.Join(bad, p.Pid()); !errors.Is(err, pg.ErrBadGroup) {
			t.Errorf("group %v: %v", bad, err)
		}
		if err := s.Leave(bad, p.Pid()); !errors.Is(err, pg.ErrBadGroup) {
			t.Errorf("group %v: %v", bad, err)
		}
		if _, _, err := s.Monitor(bad, func(pg.Event) {}); !errors.Is(err, pg.ErrBadGroup) {
			t.Errorf("group %v: %v", bad, err)
		}
		if s.Members(bad) != nil {
			t.Error("has members")
		}
	}
	join(t, s, atom("nobody"))
	if len(s.Groups()) != 0 {
		t.Errorf("groups %v", s.Groups())
	}
	if _, err := pg.Start(n, "chat"); !errors.Is(err, node.ErrNameTaken) {
		t.Errorf("second scope: %v", err)
	}
	other := start(t, n, "other")
	lab.Stop(t, "other", other.Stop)
	if err := other.Join(atom("g"), p.Pid()); !errors.Is(err, pg.ErrStopped) {
		t.Errorf("join after stop: %v", err)
	}
	if err := other.Leave(atom("g"), p.Pid()); !errors.Is(err, pg.ErrStopped) {
		t.Errorf("leave after stop: %v", err)
	}
	if _, _, err := other.MonitorAll(func(pg.Event) {}); !errors.Is(err, pg.ErrStopped) {
		t.Errorf("monitor after stop: %v", err)
	}
	start(t, n, "other") // the name is free
}

// TestGroupNames: groups are equal when Erlang says so, whatever Go type they
// were made of.
func TestGroupNames(t *testing.T) {
	n := lab.New(t).Start(t, "a@localhost")
	s := start(t, n, "chat")
	p := spawn(t, n)
	m := etf.Map{{Key: "b", Value: 1}, {Key: atom("a"), Value: etf.Map{{Key: 2, Value: 2}, {Key: 1, Value: 1}}}}
	r := etf.Map{{Key: atom("a"), Value: etf.Map{{Key: int64(1), Value: 1}, {Key: 2, Value: 2}}}, {Key: []byte("b"), Value: int8(1)}}
	same := [][2]etf.Term{
		{1, int64(1)}, {"x", []byte("x")}, {true, atom("true")}, {m, r},
		{tuple(m, 1), tuple(r, 1)}, {etf.List{m}, etf.List{r}},
		{etf.ImproperList{Head: []etf.Term{m}, Tail: 1}, etf.ImproperList{Head: []etf.Term{r}, Tail: 1}},
	}
	for _, pair := range same {
		join(t, s, pair[0], p.Pid())
		expect(t, s, pair[1], p.Pid())
		if err := s.Leave(pair[1], p.Pid()); err != nil {
			t.Error(err)
		}
	}
	for _, pair := range [][2]etf.Term{{1, 1.0}, {"x", atom("x")}, {etf.List{}, "" /* "" is <<>> */}, {m, etf.Map{}}} {
		join(t, s, pair[0], p.Pid())
		expect(t, s, pair[1])
		if err := s.Leave(pair[0], p.Pid()); err != nil {
			t.Error(err)
		}
	}
	name := etf.List{"mine"}
	join(t, s, name, p.Pid())
	name[0] = "changed"
	expect(t, s, etf.List{"mine"}, p.Pid())
}

func TestThreeNodes(t *testing.T) {
	l := lab.New(t)
	a, b, c := l.Start(t, "a@localhost"), l.Start(t, "b@localhost"), l.Start(t, "c@localhost")
	sa := start(t, a, "chat")
	pa := spawn(t, a)
	g := atom("g")
	join(t, sa, g, pa.Pid(), pa.Pid())
	lab.Connect(t, a, b)
	sb := start(t, b, "chat") // after the link
	pb := spawn(t, b)
	join(t, sb, g, pb.Pid())
	sc := start(t, c, "chat") // before it
	lab.Connect(t, c, a, b)
	other := start(t, c, "other")
	all := []etf.Pid{pa.Pid(), pa.Pid(), pb.Pid()}
	for _, s := range []*pg.Scope{sa, sb, sc} {
		expect(t, s, g, all...)
	}
	expect(t, other, g)

	pc := spawn(t, c)
	join(t, sc, g, pc.Pid())
	if err := sa.Leave(g, pa.Pid()); err != nil {
		t.Error(err)
	}
	for _, s := range []*pg.Scope{sa, sb, sc} {
		expect(t, s, g, pa.Pid(), pb.Pid(), pc.Pid())
	}
	pc.Terminate(atom("killed"))
	for _, s := range []*pg.Scope{sa, sb, sc} {
		expect(t, s, g, pa.Pid(), pb.Pid())
	}
	lab.Stop(t, "scope of b", sb.Stop)
	expect(t, sa, g, pa.Pid())
	expect(t, sc, g, pa.Pid())
	sb = start(t, b, "chat")
	expect(t, sb, g, pa.Pid())
	join(t, sb, g, pb.Pid())
	lab.Stop(t, "c", c.Stop)
	lab.Within(t, limit, "c is gone", func() bool { return len(sa.Peers()) == 1 })
	expect(t, sa, g, pa.Pid(), pb.Pid())
	expect(t, sc, g)

	c = l.Start(t, "c@localhost")
	sc = start(t, c, "chat")
	lab.Connect(t, a, c)
	expect(t, sc, g, pa.Pid())
	lab.Connect(t, b, c)
	expect(t, sc, g, pa.Pid(), pb.Pid())
}

func TestHiddenNodesHaveNoPart(t *testing.T) {
	l := lab.New(t)
	a := l.Start(t, "a@localhost")
	h := l.Start(t, "h@localhost", func(o *node.Options) { o.Hidden = true })
	sa, sh := start(t, a, "chat"), start(t, h, "chat")
	p := spawn(t, a)
	join(t, sa, atom("g"), p.Pid())
	lab.Connect(t, h, a)
	if err := h.Ping(t.Context(), a.Name()); err != nil {
		t.Fatal(err)
	}
	if len(sa.Peers())+len(sh.Peers()) != 0 {
		t.Error("met")
	}
}
