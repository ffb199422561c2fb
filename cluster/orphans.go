package cluster

import (
	"context"
	"errors"
	"maps"
	"slices"
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
	// orphanTurn is how long a node waits for one of a greater name to send these
	// webhooks before it does so itself.
	orphanTurn = 3 * time.Second
	// toldFor is how long it is remembered that another node has sent a webhook of
	// a room that is not known to be lost yet: longer than a silent link lasts.
	toldFor = 2 * time.Minute
	maxTold = 1 << 14 // rooms so remembered
)

// orphans are rooms of dead nodes whose webhooks are still to be told. One
// surviving Fjord node does that, the one of the greatest name, and tells the
// others; should it not, because it has died or hangs too or never knew the
// room, the next does.
type orphans struct {
	send func(url string, e room.Event) bool // false: it was not taken

	mu   sync.Mutex
	list []dueOrphan
	told map[lostRoom]time.Time // until when, of rooms that are not in list
}

type dueOrphan struct {
	orphan
	due time.Time
}

// lostRoom names a room that went with its node.
type lostRoom struct {
	node string
	id   room.ID
}

func (o orphan) lost() lostRoom { return lostRoom{o.node, o.id} }

func (o *orphans) add(lost []orphan, now time.Time) {
	if o.send == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range lost {
		until, told := o.told[x.lost()]
		delete(o.told, x.lost())
		if x.webhook != "" && !(told && now.Before(until)) {
			o.list = append(o.list, dueOrphan{x, now.Add(orphanWait)})
		}
	}
}

// heard takes the word of another node that it has sent the webhooks of rooms.
func (o *orphans) heard(node string, ids []room.ID, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	sent := map[room.ID]bool{}
	for _, id := range ids {
		sent[id] = true
	}
	o.list = slices.DeleteFunc(o.list, func(x dueOrphan) bool {
		if x.node != node || !sent[x.id] {
			return false
		}
		delete(sent, x.id)
		return true
	})
	maps.DeleteFunc(o.told, func(_ lostRoom, until time.Time) bool { return !now.Before(until) })
	for id := range sent {
		if len(o.told) >= maxTold {
			return
		}
		if o.told == nil {
			o.told = map[lostRoom]time.Time{}
		}
		o.told[lostRoom{node, id}] = now.Add(toldFor)
	}
}

// tell sends what is due and returns, by node, what was. greater is how many
// Fjord nodes of a greater name are linked: each has its turn before this one.
func (o *orphans) tell(now time.Time, greater int) map[string][]room.ID {
	o.mu.Lock()
	var due []dueOrphan
	turn := now.Add(-time.Duration(greater) * orphanTurn)
	o.list = slices.DeleteFunc(o.list, func(x dueOrphan) bool {
		is := !x.due.After(turn)
		if is {
			due = append(due, x)
		}
		return is
	})
	o.mu.Unlock()
	sent := map[string][]room.ID{}
	var kept []dueOrphan
	for _, x := range due {
		if !o.send(x.webhook, room.RoomCrashed{ID: x.id, Reason: errOwnerGone}) {
			kept = append(kept, x)
			continue
		}
		sent[x.node] = append(sent[x.node], x.id)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range kept {
		if _, told := o.told[x.lost()]; !told { // by another node, meanwhile
			o.list = append(o.list, x)
		}
	}
	return sent
}

// lost tells of rooms that went with their node.
func (c *Cluster) lost(list []orphan) {
	if len(list) == 0 {
		return
	}
	now := time.Now()
	byNode := map[string][]orphan{}
	for _, x := range list {
		byNode[x.node] = append(byNode[x.node], x)
	}
	for name, rooms := range byNode {
		c.log.Warn("node is gone, and its rooms with it", "node", name, "rooms", len(rooms))
		young := c.bus.last.lost(name, rooms, now)
		if c.parts != nil && len(young) > 0 {
			c.parts.tell(etf.Tuple{atomLost, etf.Atom(name), idsTerm(young)})
		}
	}
	c.bus.crashed(list)
	c.orphans.add(list, now)
}

// unreachable takes the failure of an attempt to reach a node: one that cannot
// be reached is dead, but for one that answered and refused.
func (c *Cluster) unreachable(name string, err error) {
	if node.ReasonOf(err) != node.ReasonOf(node.ErrNameRefused) {
		c.lost(c.bus.node.dead(name))
	}
}

// greater is how many linked Fjord nodes have a greater name than this one.
func (c *Cluster) greater() (n int) {
	for _, name := range c.router.members.fjordNames() {
		if name > c.node.Name() {
			n++
		}
	}
	return n
}

// tellOrphans sends the webhooks that are due, and has the other nodes know.
// A node that stops leaves that to them.
func (c *Cluster) tellOrphans(now time.Time) {
	if c.stopped.Load() {
		return
	}
	for name, ids := range c.orphans.tell(now, c.greater()) {
		if c.parts != nil {
			c.parts.tell(etf.Tuple{atomTold, etf.Atom(name), idsTerm(ids)})
		}
	}
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
		c.lost(c.bus.last.unheard(now, c.bus.node.heardOf))
		c.tellOrphans(now)
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
