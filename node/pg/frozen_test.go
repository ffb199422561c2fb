package pg_test

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

// TestFrozenPeer: a peer that does not read delays nobody, and is told
// everything when it reads again, in a form that it survives.
func TestFrozenPeer(t *testing.T) {
	l := lab.New(t)
	a, b, f := l.Start(t, "a@localhost"), l.Start(t, "b@localhost"), l.Start(t, "f@localhost")
	sa, sb := start(t, a, "chat"), start(t, b, "chat")
	frozen := newStrict(t, f, "chat")
	lab.Connect(t, a, b, f)
	p, q := spawn(t, a), spawn(t, a)
	join(t, sa, atom("steady"), p.Pid())
	lab.Within(t, limit, "known to the peer", func() bool { return frozen.members(atom("steady")) == one(p.Pid()) })

	frozen.gate.Lock()
	// More than the link takes; pg's messages wait behind it.
	if err := p.Post(tuple(atom("nobody"), atom("f@localhost")), make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	for range 60_000 {
		if err := p.Post(tuple(atom("nobody"), atom("f@localhost")), 1); err != nil {
			t.Fatal(err)
		}
	}
	often := atom("often")
	stuck := false
	for range 100_000 {
		join(t, sa, often, p.Pid())
		if err := sa.Leave(often, p.Pid()); err != nil {
			t.Fatal(err)
		}
		if stuck = pg.Owed(sa); stuck {
			break
		}
	}
	if !stuck {
		t.Fatal("the peer's queue never filled")
	}
	join(t, sa, atom("late"), q.Pid())
	if err := sa.Leave(atom("steady"), p.Pid()); err != nil {
		t.Fatal(err)
	}
	expect(t, sb, atom("late"), q.Pid())
	expect(t, sb, atom("steady"))
	frozen.gate.Unlock()

	begin := time.Now()
	lab.Within(t, 10*time.Second, "told everything", func() bool {
		return frozen.members(atom("late")) == one(q.Pid()) && frozen.members(atom("steady")) == "" && frozen.members(often) == ""
	})
	t.Logf("told after %s", time.Since(begin))
	if faults := frozen.faults(); len(faults) > 0 {
		t.Errorf("%d faults, the first: %.300s", len(faults), faults[0])
	}
	join(t, sa, atom("after"), p.Pid())
	lab.Within(t, limit, "changes are told again", func() bool { return frozen.members(atom("after")) == one(p.Pid()) })
}
