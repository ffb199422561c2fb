package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

// strategyRest is the pause before a strategy that failed is started again. It
// keeps a strategy that always fails from wearing its supervisor out.
const strategyRest = 2 * time.Second

// strategyActor runs one discovery strategy and crashes with it.
type strategyActor struct {
	strategy Strategy
	cluster  *Cluster
}

// Messages of a strategy's actor: its start is over; Run has returned; the rest
// is over.
type (
	strategyBegun  struct{}
	strategyEnded  struct{ err error }
	strategyRested struct{ err error }
)

// Init leaves the beginning to Handle: before the start is over nobody but the
// actor itself may send to it.
func (a *strategyActor) Init(self *actor.Self) error {
	return a.cluster.system.Send(self.PID(), strategyBegun{})
}

func (a *strategyActor) begin(self *actor.Self) error {
	c, pid := a.cluster, self.PID()
	ctx, cancel := context.WithCancel(c.group.Context())
	started := c.group.Go("strategy "+a.strategy.Name(), func(context.Context) error {
		err := runStrategy(ctx, a.strategy, a.publish)
		_ = c.system.Send(pid, strategyEnded{err}) // nobody to tell when the actor has gone
		return nil
	})
	if !started {
		cancel()
		return fmt.Errorf("strategy %s: %w", a.strategy.Name(), actor.ErrStopped)
	}
	// Not in Terminate: a killed actor does not run it.
	return c.system.Watch(pid, func(error) { cancel() })
}

func (a *strategyActor) publish(t Targets) {
	if a.cluster.board.put(a.strategy.Name(), t) {
		_ = a.cluster.system.SendName(membershipName, wake{}) // a new one reads the board
	}
}

func (a *strategyActor) Handle(self *actor.Self, msg any) error {
	switch m := msg.(type) {
	case strategyBegun:
		return a.begin(self)
	case strategyEnded:
		if m.err != nil {
			a.cluster.log.Error("discovery strategy failed", "strategy", a.strategy.Name(), "error", m.err)
			self.SendAfter(strategyRest, strategyRested(m))
		}
	case strategyRested:
		return m.err
	}
	return nil
}

func (a *strategyActor) Terminate(*actor.Self, error) {}
