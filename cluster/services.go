package cluster

import (
	"context"
	"errors"
	"log/slog"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/global"
	"github.com/fjord-media/fjord/node/pg"
	"github.com/fjord-media/fjord/node/pubsub"
	"github.com/fjord-media/fjord/room"
)

// eventQueue is how many notifications of other nodes may wait for our own
// subscribers, which do not block.
const eventQueue = 1 << 16

// What may wait for another node: of one that stops, the ends of 100,000 rooms.
const (
	peerQueue = 1 << 17
	peerBytes = 32 << 20
)

// services are what every node of the original runs beside the room service:
// global, pg's scope of Phoenix.PubSub, and the PubSub itself. Jellyfish nodes
// have a PubSub of another name; it is joined too.
type services struct {
	node      *node.Node
	log       *slog.Logger
	bus       *Bus
	fjords    func() []string // linked Fjord nodes
	global    *global.Server
	scope     *pg.Scope
	fishjam   *pubsub.PubSub
	jellyfish *pubsub.PubSub
}

// startServices starts them; global is left out on a hidden node, which has no
// part in it.
func startServices(n *node.Node, bus *Bus, fjords func() []string, log *slog.Logger) (s *services, err error) {
	s = &services{node: n, log: log, bus: bus, fjords: fjords}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(context.Background()))
		}
	}()
	if !n.Hidden() {
		if s.global, err = global.Start(n, global.Options{Logger: log.With("part", "global")}); err != nil {
			return s, err
		}
	}
	if s.scope, err = pg.Start(n, pubsub.Scope, pg.WithLogger(log.With("part", "pg"))); err != nil {
		return s, err
	}
	if s.fishjam, err = pubsub.Start(s.scope, pubsub.Options{Name: pubsubFishjam, PeerQueue: peerQueue, PeerBytes: peerBytes, Logger: log}); err != nil {
		return s, err
	}
	if s.jellyfish, err = pubsub.Start(s.scope, pubsub.Options{Name: pubsubJellyfish, PeerQueue: peerQueue, PeerBytes: peerBytes, Logger: log}); err != nil {
		return s, err
	}
	for _, topic := range []string{topicEvents, topicMetrics, topicFjord} {
		s.listen(s.fishjam, topic, func(string) bool { return true })
		// Who is in both groups is heard in the first.
		s.listen(s.jellyfish, topic, func(name string) bool { return !s.inFishjam()[name] })
	}
	bus.attach(s)
	return s, nil
}

// listen hands the messages of a topic to the bus, for ever.
func (s *services) listen(p *pubsub.PubSub, topic string, want func(node string) bool) {
	again := func(err error) {
		s.log.Error("notifications of other nodes were lost", "topic", topic, "error", err)
		s.listen(p, topic, want)
	}
	_, err := p.Subscribe(topic, func(m pubsub.Message) {
		if m.Node != "" && m.Node != s.node.Name() && want(m.Node) {
			s.bus.receive(m.Node, m.Topic, m.Term)
		}
	}, pubsub.Queue(eventQueue), pubsub.OnEnd(again))
	if err != nil {
		s.log.Debug("no more notifications", "topic", topic, "error", err) // the node stops
	}
}

// groupOf is the pg group of a PubSub.
func groupOf(name string) etf.Atom { return etf.Atom("Elixir." + name + ".Adapter") }

// inFishjam are the nodes in Fishjam's PubSub.
func (s *services) inFishjam() map[string]bool {
	nodes := map[string]bool{}
	for _, pid := range s.scope.Members(groupOf(pubsubFishjam)) {
		nodes[string(pid.Node)] = true
	}
	return nodes
}

// event sends an event to all nodes.
func (s *services) event(e room.Event, webhook string) {
	if _, created := e.(room.RoomCreated); created && webhook != "" {
		s.tell(etf.Tuple{atomRoom, []byte(e.Room()), []byte(webhook)})
	}
	s.send(topicEvents, func(product string) etf.Term { return eventTerm(product, e) })
}

// metrics sends a report to all nodes.
func (s *services) metrics(report string) {
	s.send(topicMetrics, func(string) etf.Term { return etf.Tuple{atomMetrics, []byte(report)} })
}

// tell sends a message to the Fjord nodes. Its topic has no subscribers
// elsewhere.
func (s *services) tell(msg etf.Term) {
	for _, name := range s.fjords() {
		if err := s.fishjam.DirectBroadcast(name, topicFjord, msg); err != nil {
			s.log.Debug("message to a node not sent", "node", name, "error", err)
		}
	}
}

// send broadcasts a message: to Fishjam's PubSub, and to those nodes that are in
// Jellyfish's only.
func (s *services) send(topic string, msg func(product string) etf.Term) {
	term := msg(productFishjam)
	if term == nil {
		return
	}
	if err := s.fishjam.Broadcast(topic, term); err != nil {
		s.log.Warn("notification not sent", "topic", topic, "error", err)
	}
	others := s.scope.Members(groupOf(pubsubJellyfish))
	if len(others) <= 1 { // we
		return
	}
	known := s.inFishjam()
	for _, pid := range others {
		if known[string(pid.Node)] {
			continue
		}
		if err := s.jellyfish.DirectBroadcast(string(pid.Node), topic, msg(productJellyfish)); err != nil {
			s.log.Debug("message to a node not sent", "node", string(pid.Node), "error", err)
		}
	}
}

// pubsubs are those of both products.
func (s *services) pubsubs() [2]*pubsub.PubSub { return [...]*pubsub.PubSub{s.fishjam, s.jellyfish} }

// slowPeer is how many notifications may wait for a node that reads.
const slowPeer = 1 << 10

// sent waits for what is queued for the other nodes.
func (s *services) sent(ctx context.Context) {
	for _, p := range s.pubsubs() {
		_ = p.Flush(ctx, slowPeer) // an error means that the time is over
	}
}

// waiting counts what is queued for the other nodes.
func (s *services) waiting() (n int) {
	for _, p := range s.pubsubs() {
		for _, peer := range p.Stats().Peers {
			n += peer.Waiting
		}
	}
	return n
}

// stop ends what was started.
func (s *services) stop(ctx context.Context) error {
	var errs []error
	for _, p := range []*pubsub.PubSub{s.jellyfish, s.fishjam} {
		if p != nil {
			errs = append(errs, p.Stop(ctx))
		}
	}
	if s.scope != nil {
		errs = append(errs, s.scope.Stop(ctx))
	}
	if s.global != nil {
		errs = append(errs, s.global.Stop(ctx))
	}
	return errors.Join(errs...)
}
