package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// Names and times of the actor of the bus.
const (
	busName = "cluster.bus"
	// reportEvery is the original's period of metrics reports.
	reportEvery = time.Second
	// orphanWait is the pause between the death of a node and the webhooks of its
	// rooms: when several nodes die together, all survivors know by then who is
	// left.
	orphanWait = time.Second
)

// orphans are rooms of dead nodes whose webhooks are still to be told. One
// surviving Fjord node does that: the one of the greatest name.
type orphans struct {
	send func(url string, e room.Event)

	mu   sync.Mutex
	list []dueOrphan
}

type dueOrphan struct {
	orphan
	due time.Time
}

func (o *orphans) add(lost []orphan, now time.Time) {
	if o.send == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range lost {
		if x.webhook != "" {
			o.list = append(o.list, dueOrphan{x, now.Add(orphanWait)})
		}
	}
}

// tell sends what is due, if this node is the one to do that.
func (o *orphans) tell(now time.Time, ours func() bool) {
	o.mu.Lock()
	var due []orphan
	for len(o.list) > 0 && !o.list[0].due.After(now) {
		due = append(due, o.list[0].orphan)
		o.list = o.list[1:]
	}
	o.mu.Unlock()
	if len(due) == 0 || !ours() {
		return
	}
	for _, x := range due {
		o.send(x.webhook, room.RoomCrashed{ID: x.id, Reason: errOwnerGone})
	}
}

// lost tells of rooms that went with their node.
func (c *Cluster) lost(list []orphan) {
	if len(list) == 0 {
		return
	}
	c.log.Warn("node is gone, and its rooms with it", "node", list[0].node, "rooms", len(list))
	c.bus.crashed(list)
	c.orphans.add(list, time.Now())
}

// unreachable takes the failure of an attempt to reach a node: one that cannot
// be reached is dead, but for one that answered and refused.
func (c *Cluster) unreachable(name string, err error) {
	if node.ReasonOf(err) != node.ReasonOf(node.ErrNameRefused) {
		c.lost(c.bus.node.dead(name))
	}
}

// greatest says whether this node has the greatest name of all Fjord nodes.
func (c *Cluster) greatest() bool {
	for _, name := range c.router.members.fjordNames() {
		if name > c.node.Name() {
			return false
		}
	}
	return true
}

// busActor sends this node's metrics report each second and looks after the
// rooms of dead nodes.
type busActor struct{ cluster *Cluster }

func (a *busActor) Init(self *actor.Self) error {
	self.SendAfter(reportEvery, wake{})
	return nil
}

func (a *busActor) Handle(self *actor.Self, msg any) error {
	if _, ok := msg.(wake); !ok {
		return nil
	}
	self.SendAfter(reportEvery, wake{})
	c := a.cluster
	var report map[string]any
	if c.metrics != nil {
		report = c.metrics()
	}
	c.bus.PublishMetrics(report)
	if c.node != nil {
		now := time.Now()
		c.lost(c.bus.node.expire(now))
		c.orphans.tell(now, c.greatest)
	}
	return nil
}

func (a *busActor) Terminate(*actor.Self, error) {}

// learn asks a node that has just been probed for its rooms.
func (r *Router) learn(ctx context.Context, to candidate) {
	module, function := r.dialects[to.dialect].rooms, funList
	if to.fjord {
		module, function = moduleFjord, funRooms
	}
	answer, err := r.node.Call(ctx, to.name, module, function)
	var list map[room.ID]string
	if err == nil {
		if to.fjord {
			list, err = parseHooks(answer)
		} else {
			list, err = hooksOf(answer)
		}
	}
	if err != nil {
		r.log.Debug("rooms of a node are not known", "node", to.name, "error", err)
		r.members.listed(to.name, errors.Is(err, node.ErrUndef) || errors.Is(err, errTerm))
		return
	}
	r.members.listed(to.name, true)
	r.lost(r.watch.learn(to.name, list))
}

// hooksOf reads a list of room states.
func hooksOf(t etf.Term) (map[room.ID]string, error) {
	rooms, err := parseEach(t, parseState)
	if err != nil {
		return nil, err
	}
	return roomHooks(rooms), nil
}

// roomHooks are rooms with their webhooks.
func roomHooks(rooms []room.Room) map[room.ID]string {
	list := make(map[room.ID]string, len(rooms))
	for _, x := range rooms {
		list[x.ID] = ""
		if x.Config.WebhookURL != nil {
			list[x.ID] = *x.Config.WebhookURL
		}
	}
	return list
}
