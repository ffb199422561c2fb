package cluster

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
)

// membershipActor is the actor of the reconciler. All that must outlive it is
// on the board and in links.
type membershipActor struct {
	cluster *Cluster
	r       *reconciler
}

func (a *membershipActor) Init(self *actor.Self) error {
	c, pid := a.cluster, self.PID()
	a.r = &reconciler{
		self: c.node.Name(), log: c.links.log, board: c.board, links: c.links,
		dial: func(ctx context.Context, name string) error {
			_, err := c.node.Connect(ctx, name)
			if err != nil && ctx.Err() == nil {
				c.unreachable(name, err)
			}
			return err
		},
		visit:  c.router.visit,
		post:   func(msg any) { _ = c.system.Send(pid, msg) }, // a successor starts from the board
		run:    c.group.Go,
		random: rand.Float64,
		status: &c.peers,
	}
	a.r.start()
	return nil
}

func (a *membershipActor) Handle(_ *actor.Self, msg any) error {
	a.r.handle(msg)
	return nil
}

func (a *membershipActor) Terminate(*actor.Self, error) { a.r.stop() }

// event takes what the node tells of its links. It runs on the node's
// goroutine and does not block.
func (c *Cluster) event(ev node.NodeEvent) {
	if !c.links.note(ev) {
		return
	}
	c.server.link(ev.Node)
	c.router.inflight.link(ev.Node)
	// A lost message does no harm: a new actor reads links.
	if ev.Up {
		if !ev.Hidden {
			c.router.members.up(ev.Node)
			c.bus.node.up(ev.Node)
		}
		_ = c.system.SendName(membershipName, linkUp{node: ev.Node})
		return
	}
	c.router.members.down(ev.Node)
	now := time.Now()
	c.bus.last.down(ev.Node, now)
	c.bus.node.down(ev.Node, now)
	_ = c.system.SendName(membershipName, linkDown{node: ev.Node, reason: ev.Reason})
}
