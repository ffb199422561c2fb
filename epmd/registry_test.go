package epmd

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func named(name string) Entry { return Entry{Name: name, High: 6, Low: 6, Type: TypeNormal} }

func TestCreations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRegistry(10)
		a := g.register(named("a"), nil)
		if want := uint32(time.Now().Unix()) + 1; a.creation() != want {
			t.Errorf("new name: %d, want %d", a.creation(), want)
		}
		first := a.creation()
		time.Sleep(time.Hour)
		for i := range uint32(5) {
			g.unregister(a)
			if a = g.register(named("a"), nil); a.creation() != first+1+i {
				t.Errorf("again: %d, want %d", a.creation(), first+1+i)
			}
		}
		if b := g.register(named("b"), nil); b.creation() != first+3600 {
			t.Errorf("other name: %d, want %d", b.creation(), first+3600)
		}
	})
}

func TestCreationWraps(t *testing.T) {
	t.Parallel()
	g := newRegistry(10)
	a := g.register(named("a"), nil)
	a.counter = math.MaxUint32
	g.unregister(a)
	if a = g.register(named("a"), nil); a.creation() != minCreation {
		t.Errorf("after the last: %d", a.creation())
	}
}

func TestSmallCreation(t *testing.T) {
	t.Parallel()
	g := newRegistry(10)
	old := named("a")
	old.High = 5
	last := uint32(0)
	for range 9 {
		a := g.register(old, nil)
		got := a.creation()
		if got < 1 || got > 3 || got == last || got != a.counter%3+1 {
			t.Errorf("creation %d after %d", got, last)
		}
		last = got
		g.unregister(a)
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	g := newRegistry(10)
	first := g.register(named("a"), nil)
	bad := named("b")
	bad.Extra = make([]byte, maxNameBytes+1)
	for _, e := range []Entry{named("a"), named(""), named("\xff"), bad} {
		if g.register(e, nil) != nil {
			t.Errorf("registered %+v", e)
		}
	}
	g.unregister(first)
	second := g.register(named("a"), nil)
	g.unregister(first) // ended already
	if g.find("a") == nil {
		t.Error("the end of the first registration ended the second")
	}
	g.unregister(second)
	if g.find("a") != nil {
		t.Error("still registered")
	}
}

func TestRememberedNames(t *testing.T) {
	t.Parallel()
	g := newRegistry(rememberNames)
	for i := range rememberNames + 5 {
		g.unregister(g.register(named(fmt.Sprint(i)), nil))
	}
	if _, n := g.counts(); n != rememberNames {
		t.Fatalf("%d names remembered", n)
	}
	for i := range 5 {
		if g.inactive[fmt.Sprint(i)] != nil {
			t.Errorf("%d is remembered, though newer ones fill the list", i)
		}
	}
	if g.inactive["5"] == nil {
		t.Error("5 is forgotten")
	}
}

func TestRegistryOrder(t *testing.T) {
	t.Parallel()
	g := newRegistry(10)
	all := map[string]*registration{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		all[name] = g.register(named(name), nil)
	}
	g.unregister(all["d"])
	g.unregister(all["b"])
	var active, old string
	g.each(func(e NameEntry, _ int) { active += e.Name }, func(e NameEntry, _ int) { old += e.Name })
	if active != "eca" || old != "db" {
		t.Errorf("active %s, remembered %s", active, old)
	}
}

// TestRegistryModel compares the registry with two maps.
func TestRegistryModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit = 3
		g := newRegistry(limit)
		held := map[string]*registration{}
		last := map[string]uint32{}
		names := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"})
		t.Repeat(map[string]func(*rapid.T){
			"register": func(t *rapid.T) {
				name := names.Draw(t, "name")
				remembered := g.inactive[name] != nil
				r := g.register(named(name), nil)
				if (r == nil) != (held[name] != nil) {
					t.Fatalf("register %s: %v", name, r)
				}
				if r == nil {
					return
				}
				if remembered && r.counter != last[name]+1 {
					t.Fatalf("creation of %s: %d after %d", name, r.counter, last[name])
				}
				held[name], last[name] = r, r.counter
			},
			"unregister": func(t *rapid.T) {
				name := names.Draw(t, "name")
				if r := held[name]; r != nil {
					g.unregister(r)
					delete(held, name)
				}
			},
			"stop": func(t *rapid.T) {
				name := names.Draw(t, "name")
				g.stop(name)
				delete(held, name)
			},
			"": func(t *rapid.T) {
				active, inactive := g.counts()
				if active != len(held) || inactive > limit || g.newest.Len() != active || g.oldest.Len() != inactive {
					t.Fatalf("%d active, %d inactive", active, inactive)
				}
			},
		})
	})
}
