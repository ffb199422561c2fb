package pg_test

import (
	"sync/atomic"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
)

func TestMonitor(t *testing.T) {
	l := lab.New(t)
	a, b := l.Start(t, "a@localhost"), l.Start(t, "b@localhost")
	sa, sb := start(t, a, "chat"), start(t, b, "chat")
	p, q := spawn(t, a), spawn(t, b)
	g := atom("g")
	join(t, sa, g, p.Pid())
	var single, every events
	now, m, err := sa.Monitor(g, single.add)
	if err != nil || printed(now) != one(p.Pid()) {
		t.Fatalf("now %v, %v", now, err)
	}
	groups, all, err := sa.MonitorAll(every.add)
	if err != nil || len(groups) != 1 || groups[0].Name != etf.Term(g) || printed(groups[0].Members) != one(p.Pid()) {
		t.Fatalf("now %v, %v", groups, err)
	}
	join(t, sb, g, q.Pid(), q.Pid())
	lab.Connect(t, a, b)
	expect(t, sa, g, p.Pid(), q.Pid(), q.Pid())
	qs := one(q.Pid())
	join(t, sb, atom("h"), q.Pid())
	expect(t, sa, atom("h"), q.Pid())
	if err := sb.Leave(g, q.Pid()); err != nil {
		t.Fatal(err)
	}
	expect(t, sa, g, p.Pid(), q.Pid())
	lab.Stop(t, "b's scope", sb.Stop)
	expect(t, sa, g, p.Pid())
	single.expect(t, "join g "+qs+" "+qs, "leave g "+qs, "leave g "+qs)
	lab.Within(t, limit, "all events", func() bool { return len(every.all()) == 5 })
	m.Cancel()
	p.Terminate(atom("normal"))
	expect(t, sa, g)
	lab.Within(t, limit, "the last event", func() bool { return len(every.all()) == 6 })
	if len(single.all()) != 3 {
		t.Errorf("told after Cancel: %v", single.all())
	}
	all.Cancel()
	all.Cancel()
}

// TestMonitorMayUseTheScope: functions are not called under a lock.
func TestMonitorMayUseTheScope(t *testing.T) {
	a := lab.New(t).Start(t, "a@localhost")
	s := start(t, a, "chat")
	p := spawn(t, a)
	var m *pg.Monitor
	ready, done := make(chan struct{}), make(chan struct{})
	_, m, err := s.Monitor(atom("g"), func(e pg.Event) {
		<-ready
		if err := s.Join(atom("h"), e.Pids...); err != nil {
			t.Error(err)
		}
		m.Cancel()
		close(done)
	})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	join(t, s, atom("g"), p.Pid())
	<-done
	expect(t, s, atom("h"), p.Pid())
}

func TestSlowMonitorIsCutOff(t *testing.T) {
	a := lab.New(t).Start(t, "a@localhost")
	s := start(t, a, "chat")
	p := spawn(t, a)
	var events, ends atomic.Int64
	release := make(chan struct{})
	if _, _, err := s.Monitor(atom("g"), func(e pg.Event) {
		<-release
		if e.Err != nil {
			ends.Add(1)
			return
		}
		events.Add(1)
	}); err != nil {
		t.Fatal(err)
	}
	const many = 1<<16 + 100
	for range many / 2 {
		join(t, s, atom("g"), p.Pid())
		if err := s.Leave(atom("g"), p.Pid()); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	lab.Within(t, limit, "told of the end", func() bool { return ends.Load() == 1 })
	if n := events.Load(); n < 1<<16 || n > 1<<16+1 {
		t.Errorf("%d events came before the end", n)
	}
}

func TestPanickingMonitorEnds(t *testing.T) {
	a := lab.New(t).Start(t, "a@localhost")
	s := start(t, a, "chat")
	p := spawn(t, a)
	var calls atomic.Int64
	if _, _, err := s.Monitor(atom("g"), func(pg.Event) { calls.Add(1); panic("no") }); err != nil {
		t.Fatal(err)
	}
	var other events
	if _, _, err := s.Monitor(atom("g"), other.add); err != nil {
		t.Fatal(err)
	}
	join(t, s, atom("g"), p.Pid())
	lab.Within(t, limit, "called", func() bool { return calls.Load() == 1 })
	join(t, s, atom("g"), p.Pid())
	lab.Within(t, limit, "the other lives", func() bool { return len(other.all()) == 2 })
	if calls.Load() != 1 {
		t.Error("called again")
	}
}
