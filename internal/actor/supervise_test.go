package actor_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fjord-media/fjord/internal/actor"
)

func supervise(t *testing.T, sys *actor.System, spec actor.Spec) actor.PID {
	t.Helper()
	pid, err := sys.Supervise(spec)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// successor waits for another actor than old under the name.
func successor(t *testing.T, sys *actor.System, name string, old actor.PID) actor.PID {
	t.Helper()
	var now actor.PID
	until(t, "successor of "+name, func() bool {
		p, ok := sys.Whereis(name)
		now = p
		return ok && p != old
	})
	return now
}

func TestRestartPolicies(t *testing.T) {
	tests := []struct {
		name    string
		restart actor.Restart
		end     any
		again   bool
	}{
		{"permanent crash", actor.Permanent, boom("x"), true},
		{"permanent normal", actor.Permanent, leave{}, true},
		{"transient crash", actor.Transient, boom("x"), true},
		{"transient normal", actor.Transient, leave{}, false},
		{"temporary crash", actor.Temporary, boom("x"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sys := start(t)
			var starts atomic.Int64
			begin := func(arg any) actor.Behaviour { starts.Add(1); return obedient(arg) }
			supervise(t, sys, actor.Spec{Name: "sup", Restart: tt.restart, Children: []actor.Child{
				{Name: "a", Start: begin}, {Name: "b", Start: obedient}}})
			a, _ := sys.Whereis("a")
			b, _ := sys.Whereis("b")
			down := watch(t, sys, a)
			_ = sys.Send(a, tt.end)
			_ = recv(t, "end", down)
			if tt.again {
				successor(t, sys, "a", a)
			}
			if _, err := sys.Call(timeout(t), b, 1); err != nil {
				t.Errorf("sibling: %v", err)
			}
			want := int64(1)
			if tt.again {
				want = 2
			}
			if n := starts.Load(); n != want {
				t.Errorf("%d starts", n)
			}
		})
	}
}

// Ergo frees the name of a dead child after it told the supervisor, which
// then may die of "name is taken"; and it knows no Terminate before restart.
func TestManyRestartsUnderOneName(t *testing.T) {
	sys := start(t)
	var living atomic.Int64
	code := func(any) actor.Behaviour {
		return script{
			init: func(*actor.Self) error {
				if living.Add(1) != 1 {
					t.Error("started before its predecessor's Terminate")
				}
				return nil
			},
			term: func(*actor.Self, error) { living.Add(-1) },
		}
	}
	root := supervise(t, sys, actor.Spec{Name: "sup", Intensity: 60000, Period: time.Second,
		Children: []actor.Child{{Name: "a", Start: code}}})
	pid, _ := sys.Whereis("a")
	for i := range 300 {
		switch i % 3 {
		case 0:
			living.Add(-1) // Terminate does not run
			_ = sys.Kill(pid)
		case 1:
			_ = sys.Send(pid, boom("again"))
		case 2:
			_ = sys.Exit(pid, errBroken)
		}
		pid = successor(t, sys, "a", pid)
		if _, err := sys.Call(timeout(t), pid, 1); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	if p, ok := sys.Whereis("sup"); !ok || p != root {
		t.Error("the supervisor died")
	}
}

func TestIntensityEndsTheTree(t *testing.T) {
	sys := start(t)
	root := supervise(t, sys, actor.Spec{Name: "sup", Intensity: 2, Children: []actor.Child{
		{Name: "a", Start: obedient}, {Name: "b", Start: obedient}}})
	down := watch(t, sys, root)
	pid, _ := sys.Whereis("a")
	for range 2 {
		_ = sys.Send(pid, boom("x"))
		pid = successor(t, sys, "a", pid)
	}
	_ = sys.Send(pid, boom("x"))
	if reason := recv(t, "supervisor gives up", down); !actor.Crashed(reason) {
		t.Errorf("reason %v", reason)
	}
	until(t, "nobody left", func() bool { return sys.Actors() == 0 })
}

func TestNestedSupervisorIsRestartedWithItsChildren(t *testing.T) {
	sys := start(t)
	inner := &actor.Spec{Name: "inner", Intensity: 1, Children: []actor.Child{
		{Name: "a", Start: obedient}, {Name: "b", Start: obedient}}}
	supervise(t, sys, actor.Spec{Name: "outer", Intensity: 20, Children: []actor.Child{
		{Nested: inner}, {Name: "c", Start: obedient}}})
	c, _ := sys.Whereis("c")
	ends := map[string]func(in, a actor.PID){
		"too many crashes": func(_, a actor.PID) {
			_ = sys.Send(a, boom("x"))
			_ = sys.Send(successor(t, sys, "a", a), boom("x"))
		},
		"kill":  func(in, _ actor.PID) { _ = sys.Kill(in) },
		"crash": func(in, _ actor.PID) { _ = sys.Exit(in, errBroken) },
	}
	for name, end := range ends {
		in, _ := sys.Whereis("inner")
		a, _ := sys.Whereis("a")
		b, _ := sys.Whereis("b")
		end(in, a)
		successor(t, sys, "inner", in)
		for _, old := range []actor.PID{a, b} {
			p := successor(t, sys, old.Name(), old)
			if _, err := sys.Call(timeout(t), p, 1); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if p, ok := sys.Whereis("c"); !ok || p != c {
		t.Error("the sibling did not live on")
	}
}

func TestFailingInit(t *testing.T) {
	sys := start(t)
	var starts atomic.Int64
	fails := func(from, to int64) func(any) actor.Behaviour {
		starts.Store(0)
		return func(any) actor.Behaviour {
			return script{init: func(*actor.Self) error {
				if n := starts.Add(1); n >= from && n <= to {
					return errBroken
				}
				return nil
			}}
		}
	}
	_, err := sys.Supervise(actor.Spec{Name: "first", Children: []actor.Child{{Name: "x", Start: fails(1, 1)}}})
	if !errors.Is(err, errBroken) {
		t.Errorf("first start: %v", err)
	}
	until(t, "nobody left", func() bool { return sys.Actors() == 0 })

	root := supervise(t, sys, actor.Spec{Name: "later", Children: []actor.Child{{Name: "a", Start: fails(2, 4)}}})
	a, _ := sys.Whereis("a")
	_ = sys.Kill(a)
	until(t, "the fifth start succeeds", func() bool { return starts.Load() == 5 })
	if _, err := sys.Call(timeout(t), successor(t, sys, "a", a), 1); err != nil {
		t.Error(err)
	}
	if p, _ := sys.Whereis("later"); p != root {
		t.Error("the supervisor died")
	}
}

func TestSpecErrors(t *testing.T) {
	sys := start(t)
	kid := actor.Child{Name: "kid", Start: obedient}
	template := []actor.Child{{Start: obedient}}
	specs := map[string]actor.Spec{
		"no name":        {Children: []actor.Child{kid}},
		"no children":    {Name: "s"},
		"no code":        {Name: "s", Children: []actor.Child{{Name: "kid"}}},
		"nameless child": {Name: "s", Children: []actor.Child{{Start: obedient}}},
		"twice":          {Name: "s", Children: []actor.Child{kid, kid}},
		"as supervisor":  {Name: "kid", Children: []actor.Child{kid}},
		"both":           {Name: "s", Children: []actor.Child{{Name: "x", Start: obedient, Nested: &actor.Spec{}}}},
		"bad nested":     {Name: "s", Children: []actor.Child{{Nested: &actor.Spec{Name: "n"}}}},
		"nested twice":   {Name: "s", Children: []actor.Child{{Nested: &actor.Spec{Name: "s", Children: []actor.Child{kid}}}}},
		"intensity":      {Name: "s", Intensity: 70000, Children: []actor.Child{kid}},
		"period":         {Name: "s", Period: -1, Children: []actor.Child{kid}},
		"permanent":      {Name: "s", Dynamic: true, Children: template},
		"two templates":  {Name: "s", Dynamic: true, Restart: actor.Temporary, Children: append(template, template...)},
		"nested dynamic": {Name: "s", Dynamic: true, Restart: actor.Temporary, Children: []actor.Child{{Nested: &actor.Spec{}}}},
	}
	for name, spec := range specs {
		if _, err := sys.Supervise(spec); !errors.Is(err, actor.ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	spawn(t, sys, "kid", script{})
	if _, err := sys.Supervise(actor.Spec{Name: "s", Children: []actor.Child{kid}}); !errors.Is(err, actor.ErrTaken) {
		t.Errorf("taken: %v", err)
	}
}

func dynamicSpec(start func(any) actor.Behaviour) actor.Spec {
	return actor.Spec{Name: "dyn", Dynamic: true, Restart: actor.Temporary, Children: []actor.Child{{Start: start}}}
}

func TestDynamicChildren(t *testing.T) {
	sys := start(t)
	args := make(chan any, 1000)
	supervise(t, sys, dynamicSpec(func(arg any) actor.Behaviour { args <- arg; return script{} }))
	var pids []actor.PID
	for i := range 1000 {
		pid, err := sys.StartChild("dyn", i)
		if err != nil || recv(t, "argument", args) != i {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	_ = sys.Send(pids[17], boom("x"))
	_ = sys.Kill(pids[18])
	_ = sys.Send(pids[19], leave{})
	until(t, "three have ended", func() bool { return sys.Children("dyn") == 997 })
	for i, pid := range pids {
		if _, err := sys.Call(timeout(t), pid, i); (err == nil) == (i >= 17 && i <= 19) {
			t.Errorf("child %d: %v", i, err)
		}
	}
	if _, err := sys.StartChild("nobody", 1); !errors.Is(err, actor.ErrNoActor) || sys.Children("nobody") != 0 {
		t.Error(err)
	}
}

func TestDynamicSupervisorTakesItsChildrenAlong(t *testing.T) {
	ends := map[string]func(*actor.System, actor.PID) error{
		"exit": func(s *actor.System, p actor.PID) error { return s.Exit(p, errBroken) },
		"kill": func(s *actor.System, p actor.PID) error { return s.Kill(p) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			sys := start(t)
			spec := dynamicSpec(obedient)
			supervise(t, sys, actor.Spec{Name: "top", Children: []actor.Child{{Nested: &spec}}})
			dyn, _ := sys.Whereis("dyn")
			var downs []<-chan error
			for range 50 {
				pid, err := sys.StartChild("dyn", nil)
				if err != nil {
					t.Fatal(err)
				}
				downs = append(downs, watch(t, sys, pid))
			}
			if err := end(sys, dyn); err != nil {
				t.Fatal(err)
			}
			for _, d := range downs {
				if reason := recv(t, "child ended", d); !errors.Is(reason, actor.ErrShutdown) {
					t.Errorf("reason %v", reason)
				}
			}
			successor(t, sys, "dyn", dyn)
			if pid, err := sys.StartChild("dyn", nil); err != nil || sys.Children("dyn") != 1 {
				t.Errorf("%s, %v", pid, err)
			}
		})
	}
}

func TestSupervisorsAnswerNoCalls(t *testing.T) {
	sys := start(t)
	spec := dynamicSpec(obedient)
	top := supervise(t, sys, actor.Spec{Name: "top", Children: []actor.Child{{Nested: &spec}}})
	dyn, _ := sys.Whereis("dyn")
	for _, pid := range []actor.PID{top, dyn} {
		if err := sys.Send(pid, "hello"); err != nil {
			t.Error(err)
		}
		if _, err := sys.Call(timeout(t), pid, 1); err == nil {
			t.Error("answered")
		}
	}
}

// TestBroodModel does random things to dynamic children and compares the
// number of living ones with a model.
func TestBroodModel(t *testing.T) {
	sys := start(t)
	supervise(t, sys, dynamicSpec(obedient))
	rapid.Check(t, func(r *rapid.T) {
		var alive []actor.PID
		base := sys.Children("dyn")
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			if len(alive) == 0 || rapid.Bool().Draw(r, "start") {
				pid, err := sys.StartChild("dyn", nil)
				if err != nil {
					r.Fatal(err)
				}
				alive = append(alive, pid)
				continue
			}
			i := rapid.IntRange(0, len(alive)-1).Draw(r, "which")
			switch rapid.IntRange(0, 2).Draw(r, "how") {
			case 0:
				_ = sys.Kill(alive[i])
			case 1:
				_ = sys.Exit(alive[i], nil)
			case 2:
				_ = sys.Send(alive[i], fail{errBroken})
			}
			alive = append(alive[:i], alive[i+1:]...)
		}
		until(t, "model agrees", func() bool { return sys.Children("dyn") == base+len(alive) })
	})
}
