package actor

import (
	"errors"
	"time"

	"ergo.services/ergo/act"
	"ergo.services/ergo/gen"
)

// static is a one-for-one supervisor: Ergo's, plus what makes its restarts
// safe.
type static struct {
	act.Supervisor
	cell
	spec      Spec
	restarted bool  // not the first of its name: the old children may still be ending
	latest    *cell // the child that is being made
}

// nameWait is how long a restarted supervisor waits for the children of its
// predecessor to end. It must be less than Ergo's 5 s for an Init.
const nameWait = 3 * time.Second

func supervisorOptions() gen.ProcessOptions {
	return gen.ProcessOptions{LogLevel: gen.LogLevelError} // below: one line per child at the end
}

func (s *System) newStatic(spec Spec, restarted bool) *static {
	t := &static{spec: spec, restarted: restarted}
	t.sys, t.static = s, true
	return t
}

// Init is Ergo's callback: it translates the spec.
func (t *static) Init(...any) (act.SupervisorSpec, error) {
	spec := act.SupervisorSpec{
		Type:                act.SupervisorTypeOneForOne,
		DisableAutoShutdown: true,
		Restart: act.SupervisorRestart{
			Strategy:  t.spec.Restart.ergo(),
			Intensity: uint16(t.spec.Intensity),
			Period:    uint16((t.spec.Period + time.Second - 1) / time.Second),
		},
	}
	deadline := time.Now().Add(nameWait)
	for _, c := range t.spec.Children {
		if t.restarted {
			t.awaitName(c.name(), deadline)
		}
		spec.Children = append(spec.Children, act.SupervisorChildSpec{
			Name:    gen.Atom(c.name()),
			Factory: t.factory(c),
			Options: c.options(),
		})
	}
	return spec, nil
}

// awaitName waits until a name is free. When it does not get free in time,
// the start fails with ErrTaken.
func (t *static) awaitName(name string, deadline time.Time) {
	for time.Now().Before(deadline) {
		if _, err := t.sys.node.ProcessPID(gen.Atom(name)); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// factory makes a new instance at each (re)start. A failing Init ends the
// first start of the tree; later it counts as one more crash of the child,
// where Ergo alone would end the supervisor.
func (t *static) factory(c Child) gen.ProcessFactory {
	again := t.restarted
	return func() gen.ProcessBehavior {
		restarted := again
		again = true
		switch {
		case c.Nested != nil && c.Nested.Dynamic:
			p := t.sys.newDynamic(*c.Nested)
			t.expect(&p.cell)
			return p
		case c.Nested != nil:
			s := t.sys.newStatic(*c.Nested, restarted)
			t.expect(&s.cell)
			return s
		}
		p := t.sys.newProcess(func() Behaviour { return c.Start(nil) })
		p.lateInit = restarted
		t.expect(&p.cell)
		return p
	}
}

// expect notes the child that is being made.
func (t *static) expect(c *cell) {
	c.linked = make(chan struct{})
	t.latest = c
}

func (c Child) options() gen.ProcessOptions {
	if c.Nested != nil && !c.Nested.Dynamic {
		return supervisorOptions()
	}
	return actorOptions()
}

func (r Restart) ergo() act.SupervisorStrategy {
	switch r {
	case Transient:
		return act.SupervisorStrategyTransient
	case Temporary:
		return act.SupervisorStrategyTemporary
	}
	return act.SupervisorStrategyPermanent
}

// ProcessInit is Ergo's callback.
func (t *static) ProcessInit(p gen.Process, args ...any) error {
	if err := t.enter(p); err != nil {
		return err
	}
	return t.Supervisor.ProcessInit(nursery{p, t}, args...)
}

// nursery is the process as Ergo's supervisor sees it: it publishes each
// child that was started.
type nursery struct {
	gen.Process
	static *static
}

// SpawnRegister is how Ergo's supervisor starts a child.
func (n nursery) SpawnRegister(name gen.Atom, factory gen.ProcessFactory, options gen.ProcessOptions, args ...any) (gen.PID, error) {
	n.static.latest = nil // Ergo may fail before it makes one
	pid, err := n.Process.SpawnRegister(name, factory, options, args...)
	if c := n.static.latest; c != nil {
		close(c.linked)
		if err == nil {
			c.publish()
		}
	}
	return pid, err
}

// ProcessRun is Ergo's callback.
func (t *static) ProcessRun() error {
	err := t.Supervisor.ProcessRun()
	if err != nil {
		t.free()
		t.awaitLink()
	}
	return err
}

// ProcessTerminate is Ergo's callback, also after Kill.
func (t *static) ProcessTerminate(reason error) {
	t.end(fromErgo(reason))
}

var errSupervisor = errors.New("a supervisor answers no calls")

// HandleMessage is Ergo's callback: supervisors take no messages.
func (t *static) HandleMessage(_ gen.PID, msg any) error {
	if r, ok := msg.(*Request); ok {
		r.Reply(nil, errSupervisor)
	}
	return nil
}
