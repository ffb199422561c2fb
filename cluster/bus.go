package cluster

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// announceWait bounds the wait for the announcement of a room before a client
// learns of the room itself.
const announceWait = 10 * time.Millisecond

// Notification is what happened somewhere in the cluster: an event of a room,
// or one second's metrics report of a node.
type Notification struct {
	Event   room.Event // nil: a metrics report
	Metrics string     // JSON text; "" with an event
	Origin  string     // node it comes from; "" on a node that is not distributed
	// Own says that it comes from this node. Webhooks are sent for own events
	// only: each room's by its owner.
	Own bool
}

// Bus carries the notifications of all nodes to the subscribers of this one,
// each once and in the order of their origin. Room events of this node go in by
// Publish; Start connects the bus with the other nodes.
type Bus struct {
	mu   sync.Mutex // held while a notification is handed out: all see one order
	self string
	subs []*listener
	tap  []func(room.Event) // what the cluster itself wants to know of own events
	out  outward            // nil: not distributed
	node *watch
	last *lastWords
	told func(node string, ids []room.ID) // webhooks that another node has sent
	log  *slog.Logger

	announceWait time.Duration
}

type listener struct{ fn func(Notification) }

// outward sends to the other nodes.
type outward interface {
	// event sends an event of this node to all; webhook is that of a room which
	// it creates, for the Fjord nodes.
	event(e room.Event, webhook string)
	// metrics sends a report to all.
	metrics(report string)
	// sent waits until what was sent before is on its way to all that read, or ctx
	// is done.
	sent(ctx context.Context)
}

// NewBus makes a bus that carries the notifications of this node only.
func NewBus() *Bus {
	return &Bus{announceWait: announceWait, node: newWatch(), last: newLastWords(), told: func(string, []room.ID) {}, log: slog.New(slog.DiscardHandler)}
}

// Publish takes an event of a room of this node: give it to
// room.LocalOptions.Events. It does not block.
func (b *Bus) Publish(e room.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fn := range b.tap {
		fn(e)
	}
	b.hand(Notification{Event: e, Origin: b.self, Own: true})
	if b.out != nil {
		b.out.event(e, b.node.hook(e.Room()))
	}
}

// PublishMetrics takes this node's metrics report, a JSON object. The cluster
// calls it each second with what Options.Metrics gives.
func (b *Bus) PublishMetrics(report map[string]any) {
	text, err := json.Marshal(report)
	if err != nil || report == nil {
		text = []byte("{}")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hand(Notification{Metrics: string(text), Origin: b.self, Own: true})
	if b.out != nil {
		b.out.metrics(string(text))
	}
}

// Subscribe calls fn for each notification from now on, one at a time, until
// cancel is called. fn must not block, nor call the Bus.
func (b *Bus) Subscribe(fn func(Notification)) (cancel func()) {
	l := &listener{fn}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(slices.Clone(b.subs), l)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.subs = slices.DeleteFunc(slices.Clone(b.subs), func(x *listener) bool { return x == l })
	}
}

// hand gives a notification to all subscribers. Call with mu held.
func (b *Bus) hand(n Notification) {
	for _, l := range b.subs {
		l.fn(n)
	}
}

// announced waits until the other nodes will hear of what was published, even if
// this process is killed next: bounded by announceWait.
func (b *Bus) announced() {
	b.mu.Lock()
	out := b.out
	b.mu.Unlock()
	if out == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.announceWait)
	defer cancel()
	out.sent(ctx)
}

// connect joins the bus with a cluster.
func (b *Bus) connect(self string, log *slog.Logger, tap func(room.Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.self, b.log = self, log
	b.tap = append(b.tap, tap)
}

// attach begins to send to other nodes.
func (b *Bus) attach(w outward) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = w
}

// receive takes what another node broadcast.
func (b *Bus) receive(origin, topic string, t etf.Term) {
	switch topic {
	case topicEvents:
		e, err := parseEvent(t)
		if err != nil {
			b.log.Debug("notification of another node not understood", "node", origin, "error", err)
			return
		}
		b.foreign(origin, e)
	case topicMetrics:
		tuple, ok := t.(etf.Tuple)
		if !ok || len(tuple) != 2 || !isAtom(tuple[0], atomMetrics) {
			return
		}
		if report, ok := tuple[1].([]byte); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.hand(Notification{Metrics: string(report), Origin: origin})
		}
	case topicFjord:
		b.fjord(origin, t)
	}
}

// fjord takes what another Fjord node tells: the webhook of a room it makes, those
// it has sent for a dead node's rooms, or young rooms that went with their node.
func (b *Bus) fjord(origin string, t etf.Term) {
	tuple, ok := t.(etf.Tuple)
	if !ok || len(tuple) != 3 {
		return
	}
	switch {
	case isAtom(tuple[0], atomRoom):
		id, isID := tuple[1].([]byte)
		url, isURL := tuple[2].([]byte)
		if isID && isURL {
			b.node.webhook(origin, room.ID(id), string(url))
		}
	case isAtom(tuple[0], atomTold):
		name, isName := tuple[1].(etf.Atom)
		ids, err := parseIDs(tuple[2])
		if isName && err == nil {
			b.told(string(name), ids)
		}
	case isAtom(tuple[0], atomLost):
		name, isName := tuple[1].(etf.Atom)
		ids, err := parseIDs(tuple[2])
		if isName && err == nil && string(name) != b.self {
			b.last.hear(string(name), ids, time.Now())
		}
	}
}

// foreign hands out an event of another node.
func (b *Bus) foreign(origin string, e room.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, begins := e.(room.RoomCreated)
	if begins && !b.last.born(origin, e.Room(), time.Now()) {
		return // others have told its end
	}
	dead := b.node.note(origin, e)
	if dead && !begins {
		return // it was under way when its node was given up; the room's end has been told
	}
	b.hand(Notification{Event: e, Origin: origin})
	if ends(e) || dead {
		b.last.end(lostRoom{origin, e.Room()}, time.Now())
	}
	if dead {
		b.hand(Notification{Event: room.RoomCrashed{ID: e.Room(), Reason: errOwnerGone}, Origin: origin})
	}
}

// ends says whether an event is the last of its room.
func ends(e room.Event) bool {
	switch e.(type) {
	case room.RoomDeleted, room.RoomCrashed:
		return true
	}
	return false
}

// crashed tells the own subscribers, and nobody else, of rooms that went with
// their node.
func (b *Bus) crashed(lost []orphan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range lost {
		b.hand(Notification{Event: room.RoomCrashed{ID: o.id, Reason: errOwnerGone}, Origin: o.node})
	}
}

// flush waits until what was published has reached the other nodes, ctx is
// done, or for patience nothing has left: a node that does not read is no reason
// to stay.
func (s *services) flush(ctx context.Context, patience time.Duration) {
	left, since := s.waiting(), time.Now()
	for left > 0 && time.Since(since) < patience {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Millisecond):
		}
		if n := s.waiting(); n < left {
			left, since = n, time.Now()
		}
	}
	if left > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// An answer of each node shows that what was sent before has arrived.
	s.node.Multicall(ctx, s.node.Nodes(), "erlang", "nodes")
}
