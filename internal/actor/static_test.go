package actor

import (
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
)

// hasty is Ergo's side of a supervisor: a child that it starts runs, and may
// end, before the two are linked.
type hasty struct {
	gen.Process
	early bool
	ended chan error
}

func (h *hasty) SpawnRegister(_ gen.Atom, factory gen.ProcessFactory, _ gen.ProcessOptions, _ ...any) (gen.PID, error) {
	child := factory()
	go func() { h.ended <- child.ProcessRun() }()
	select {
	case err := <-h.ended:
		h.early, h.ended = true, make(chan error, 1)
		h.ended <- err
	case <-time.After(20 * time.Millisecond):
	}
	return gen.PID{}, nil
}

// A child whose Init has failed ends once its supervisor hears of it, or it
// would never be started again.
func TestEndWaitsForTheSupervisor(t *testing.T) {
	broken := errors.New("broken")
	sup := (&System{}).newStatic(Spec{}, true)
	h := &hasty{ended: make(chan error, 1)}
	factory := sup.factory(Child{Name: "child", Start: func(any) Behaviour { return nil }})
	failed := func() gen.ProcessBehavior {
		p := factory().(*process)
		p.why = broken
		return p
	}
	if _, err := (nursery{h, sup}).SpawnRegister("child", failed, gen.ProcessOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-h.ended:
		if err == nil || h.early {
			t.Errorf("ended with %v, early: %v", err, h.early)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("never ends")
	}
}

// What Ergo refuses before it makes a child changes nothing.
func TestRefusedChild(t *testing.T) {
	sup := (&System{}).newStatic(Spec{}, true)
	sup.expect(&cell{})
	close(sup.latest.linked)
	if _, err := (nursery{refusing{}, sup}).SpawnRegister("child", nil, gen.ProcessOptions{}); !errors.Is(err, gen.ErrTaken) {
		t.Error(err)
	}
}

type refusing struct{ gen.Process }

func (refusing) SpawnRegister(gen.Atom, gen.ProcessFactory, gen.ProcessOptions, ...any) (gen.PID, error) {
	return gen.PID{}, gen.ErrTaken
}
