package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/room"
)

// Options of Start. System, Local and Rooms are required.
type Options struct {
	// Node is the running Erlang node; nil: standalone, no cluster at all.
	Node   *node.Node
	System *actor.System
	Local  Local
	// Rooms is the supervisor of the rooms (room.Local.SupervisorSpec).
	Rooms *actor.Spec
	// Children go into the supervisor tree beside the rooms.
	Children   []actor.Child
	Strategies []Strategy
	// Topology is the word in the log lines about links: TopologyNodesList or
	// TopologyDNS.
	Topology string
	Address  string // FJ_HOST
	Version  string // told to other Fjord nodes
	// PlainRule places rooms exactly as the original does: creations in flight
	// do not count.
	PlainRule bool
	Routing   Routing
	Limits    Limits
	// UsageLimit bounds the question for a member's usage; default 500 ms. A
	// creation takes 1.5 s at most, or three times UsageLimit if that is more.
	UsageLimit time.Duration
	// Bus carries the rooms' events (room.LocalOptions.Events is its Publish);
	// nil: one that nobody hears.
	Bus *Bus
	// Metrics gives this node's metrics report each second; nil: an empty one.
	Metrics func() map[string]any
	// Orphan sends a webhook for a room whose node died, when that is up to this
	// node. It must not block, and reports false when it cannot (the node stops):
	// then it is left to the other nodes, and asked for again. nil: none are sent.
	Orphan func(url string, e room.Event) bool
	Logger *slog.Logger // nil: nowhere
}

// Cluster is this node's view of the cluster, and its part in it.
type Cluster struct {
	node    erlang // nil: standalone
	system  *actor.System
	local   *capacity
	bus     *Bus
	metrics func() map[string]any
	orphans *orphans
	log     *slog.Logger
	group   *run.Group
	parts   *services // nil: standalone, or without a real node
	board   *board
	links   *links
	gateway *Gateway
	server  *roomServer
	router  *Router
	peers   atomic.Pointer[[]PeerStatus]
	cancel  func() // ends the subscription
	stopped atomic.Bool
	failed  chan error // why the supervisor tree gave up; room for that one
}

// Start begins to serve other nodes and to look for them. The supervisor tree
// it starts, rooms included, ends with the actor system.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	var n erlang
	if opts.Node != nil {
		n = nodePort{opts.Node}
	}
	return start(ctx, opts, n)
}

func start(ctx context.Context, opts Options, n erlang) (*Cluster, error) {
	if opts.System == nil || opts.Local == nil {
		return nil, errors.New("start cluster: no actor system or no rooms")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Bus == nil {
		opts.Bus = NewBus()
	}
	c := &Cluster{
		node: n, system: opts.System, local: newCapacity(opts.Local, opts.Limits), log: opts.Logger, board: newBoard(),
		bus: opts.Bus, metrics: opts.Metrics, cancel: func() {}, failed: make(chan error, 1),
		group: run.NewGroup(context.WithoutCancel(ctx), "cluster", opts.Logger),
	}
	self := ""
	if n != nil {
		self = n.Name()
	}
	c.bus.connect(self, opts.Logger, c.local.note)
	if err := c.join(opts); err != nil {
		c.group.Stop()
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	if err := c.supervise(c.tree(opts)); err != nil {
		c.group.Stop()
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	if n != nil {
		c.cancel = n.Subscribe(c.event)
	}
	return c, nil
}

// join makes the parts that a standalone node does not have, and starts those
// that a node of the original has beside its room service.
func (c *Cluster) join(opts Options) (err error) {
	if c.node == nil {
		return nil
	}
	c.distribute(opts)
	if opts.Node != nil {
		c.parts, err = startServices(opts.Node, c.bus, c.router.members.fjordNames, c.log)
	}
	return err
}

// supervise starts the tree, and learns of its end: nobody restarts the root.
func (c *Cluster) supervise(tree actor.Spec) error {
	root, err := c.system.Supervise(tree)
	if err != nil {
		return err
	}
	return c.system.Watch(root, func(reason error) {
		if !c.stopped.Load() {
			c.failed <- fmt.Errorf("the supervisor of everything has given up: %w", reason)
		}
	})
}

// Failed delivers one error when the supervisor tree has given up, because its
// children crashed too often: rooms and discovery are gone, and the program
// should end, to be started anew.
func (c *Cluster) Failed() <-chan error { return c.failed }

// distribute makes the router and what answers other nodes.
func (c *Cluster) distribute(opts Options) {
	c.links = newLinks(linkLog{log: c.log, topology: opts.Topology})
	c.gateway = newGateway(c.node, c.system, c.log)
	c.router = newRouter(c.node, c.local, opts.PlainRule, deadlinesFor(opts.UsageLimit), c.group, c.log)
	c.router.routing, c.router.address, c.router.watch, c.router.last = opts.Routing, opts.Address, c.bus.node, c.bus.last
	c.orphans = &orphans{send: opts.Orphan}
	c.bus.told = func(node string, ids []room.ID) { c.orphans.heard(node, ids, time.Now()) }
	c.router.lost, c.router.announced = c.lost, c.bus.announced
	c.server = &roomServer{
		self: c.node.Name(), local: c.local, router: c.router, custom: c.router.custom, members: c.router.members, log: c.log,
		served: map[string]int{}, inflight: c.router.inflight,
		info:  fjordInfo{Version: opts.Version, Address: opts.Address},
		ready: func() bool { return c.gateway.exposed(dialects()[dialectFishjam].registered) },
	}
	c.server.serve(c.node)
	c.router.ids.serve()
	rooms := &localServer{local: c.local, product: productFishjam, address: opts.Address, pid: c.gateway.anyPid}
	rooms.serve(c.node)
}

// newRouter makes a Router with all that it owns.
func newRouter(n erlang, local *capacity, plain bool, limits deadlines, group *run.Group, log *slog.Logger) *Router {
	r := &Router{
		self: n.Name(), node: n, local: local, limits: limits, watch: newWatch(), last: newLastWords(), lost: func([]orphan) {}, announced: func() {}, members: newMembers(), inflight: newInflight(n.Name(), plain, local.Usage, limits.total),
		custom: newCustomRooms(local.Has), debts: newDebts(), dialects: dialects(), group: group, log: log,
	}
	r.ids = &ids{
		self: r.self, node: n, members: r.members, claims: newClaims(local.Has),
		reserved: room.NewReservations(local.Has), group: group, log: log,
	}
	return r
}

// Service is what the HTTP layer calls: the whole cluster, or the rooms of this
// node when standalone.
func (c *Cluster) Service() Rooms {
	if c.node == nil {
		return c.local
	}
	return c.router
}

// Enabled says whether the node is distributed at all.
func (c *Cluster) Enabled() bool { return c.node != nil }

// Up says whether the node takes part in the cluster.
func (c *Cluster) Up() bool { return c.node != nil && !c.stopped.Load() }

// NodesInCluster is the number of linked visible nodes and this one; 0 when
// standalone.
func (c *Cluster) NodesInCluster() int {
	if c.node == nil {
		return 0
	}
	return len(c.links.visible()) + 1
}

// Nodes lists the linked visible nodes, sorted.
func (c *Cluster) Nodes() []string {
	if c.node == nil {
		return nil
	}
	return c.links.visible()
}

// Peers is a snapshot of all nodes that are known, linked or not, sorted. It
// must not be changed.
func (c *Cluster) Peers() []PeerStatus {
	if list := c.peers.Load(); list != nil {
		return *list
	}
	return nil
}

// Members is a snapshot of what the linked visible nodes are, sorted.
func (c *Cluster) Members() []MemberStatus {
	if c.node == nil {
		return nil
	}
	return c.router.members.status(time.Now())
}

// Gateway exposes further actors to other nodes; nil when standalone.
func (c *Cluster) Gateway() *Gateway { return c.gateway }

// Bus is the bus of notifications.
func (c *Cluster) Bus() *Bus { return c.bus }

// Address is the FJ_HOST of the node that has a room, where its peers connect.
// room.ErrNotFound, room.ErrInvalidID, room.ErrUnreachable.
func (c *Cluster) Address(ctx context.Context, id room.ID) (string, error) {
	if c.node == nil {
		return "", nil
	}
	return c.router.Address(ctx, id)
}

// Elsewhere is Router.Elsewhere; a standalone node has all its rooms itself.
func (c *Cluster) Elsewhere(ctx context.Context, id room.ID) (address string, elsewhere bool, err error) {
	if c.node == nil {
		return "", false, nil
	}
	return c.router.Elsewhere(ctx, id)
}

// farewell is how long Stop waits while no notification leaves, and then for
// the last ones to arrive.
const farewell = 300 * time.Millisecond

// Stop lets the other nodes have what was published, and ends discovery,
// dialling and all calls under way. Links stay until the node stops, actors
// until their system stops.
func (c *Cluster) Stop(ctx context.Context) error {
	c.stopped.Store(true)
	var err error
	if c.parts != nil {
		c.parts.flush(ctx, farewell)
	}
	c.cancel()
	err = c.group.StopAndWait(ctx)
	if c.parts != nil {
		err = errors.Join(err, c.parts.stop(ctx))
	}
	if err != nil {
		return fmt.Errorf("stop cluster: %w", err)
	}
	return nil
}
