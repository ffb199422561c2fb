package actor

import (
	"fmt"
	"math"
	"time"
)

// Restart says when a child is started again.
type Restart int

// Restart policies.
const (
	Permanent Restart = iota // always
	Transient                // after a crash, not after ErrNormal and ErrShutdown
	Temporary                // never
)

// Limits of restarts when a Spec names none: as in OTP examples and Ergo.
const (
	DefaultIntensity = 5
	DefaultPeriod    = 5 * time.Second
)

// Spec is a supervisor as data. A static one starts its children in order and
// restarts each by itself (one for one) under the same registered name. When
// more than Intensity restarts happen within Period it ends, and with it all
// its children. A dynamic one starts with no child; its children are
// unregistered, Temporary, and do not end with each other.
type Spec struct {
	Name      string // registered name of the supervisor
	Dynamic   bool   // simple one for one: Children[0] is the template, StartChild adds
	Restart   Restart
	Intensity int           // default 5 restarts, at most 65535
	Period    time.Duration // in 5 s; whole seconds, rounded up
	Children  []Child
}

// Child is an actor or a nested supervisor.
type Child struct {
	Name   string // registered name of the actor ("" for dynamic children and nested supervisors)
	Start  func(arg any) Behaviour
	Nested *Spec
}

func (c Child) name() string {
	if c.Nested != nil {
		return c.Nested.Name
	}
	return c.Name
}

// check says what is wrong with a spec; names are those seen in the tree.
func (spec *Spec) check(names map[string]bool) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w %q: %s", ErrSpec, spec.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case spec.Name == "":
		return bad("no name")
	case names[spec.Name]:
		return bad("name used twice")
	case len(spec.Children) == 0:
		return bad("no children")
	case spec.Intensity < 0 || spec.Intensity > math.MaxUint16:
		return bad("intensity %d", spec.Intensity)
	case spec.Period < 0 || spec.Period > math.MaxUint16*time.Second:
		return bad("period %s", spec.Period)
	}
	names[spec.Name] = true
	if spec.Dynamic {
		return spec.checkTemplate(bad)
	}
	for _, c := range spec.Children {
		if err := c.check(bad, names); err != nil {
			return err
		}
	}
	return nil
}

func (spec *Spec) checkTemplate(bad func(string, ...any) error) error {
	switch {
	case len(spec.Children) != 1 || spec.Children[0].Start == nil:
		return bad("a dynamic supervisor has exactly one template")
	case spec.Restart != Temporary:
		return bad("a dynamic supervisor has Temporary children only")
	}
	return nil
}

func (c Child) check(bad func(string, ...any) error, names map[string]bool) error {
	if c.Nested != nil {
		if c.Start != nil {
			return bad("child %q is both an actor and a supervisor", c.Name)
		}
		return c.Nested.check(names)
	}
	switch {
	case c.Start == nil:
		return bad("child %q has no code", c.Name)
	case c.Name == "":
		return bad("a child has no name")
	case names[c.Name]:
		return bad("name %q used twice", c.Name)
	}
	names[c.Name] = true
	return nil
}
