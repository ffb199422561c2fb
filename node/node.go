package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// Node is a running node. All methods may be called from any goroutine.
type Node struct {
	opts    Options
	name    Name
	log     *slog.Logger
	group   *run.Group // everything that runs, but for
	telling *run.Group // the events, which outlive it
	port    int
	epmd    *epmd.Client
	tls     *security // nil without TLS

	listeners []net.Listener
	keeper    *epmd.Keeper // nil without EPMD

	ids       *ids
	reg       *registry
	lobby     *lobby
	events    *events
	procs     *processes
	functions *functions
	waiters   *waiters
	calls     *callLimit
	self      *link    // the way to our own processes
	client    *Process // in whose name Call and GenCall speak

	// relations guards all monitors and links between processes: the fields of
	// Process and link that say so. It is a leaf: nothing is sent or called
	// under it.
	relations sync.Mutex

	stopOnce sync.Once
	stopErr  error
}

// Start opens the distribution port, registers with EPMD and serves. ctx bounds
// the start only. The node runs until Stop.
//
// Errors: ErrBadName, ErrNameKind, ErrPortsInUse, ErrNameTaken (another node
// has the name; it is not tried again), and those of package epmd.
func Start(ctx context.Context, opts Options) (*Node, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	n, err := start(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("start node %s: %w", opts.Name, err)
	}
	return n, nil
}

func start(ctx context.Context, opts Options) (_ *Node, err error) {
	n := &Node{opts: opts, log: opts.Logger}
	n.group = run.NewGroup(context.WithoutCancel(ctx), "node "+opts.Name, n.log)
	n.telling = run.NewGroup(context.WithoutCancel(ctx), "node "+opts.Name, n.log)
	defer func() {
		if err != nil {
			n.abandon()
		}
	}()
	if n.tls, err = newSecurity(opts.TLS, n.log); err != nil {
		return nil, err
	}
	if opts.NameFrom != "" {
		return n, n.startNameless(ctx)
	}
	if n.name, err = ParseName(opts.Name); err != nil {
		return nil, err
	}
	addrs, err := listenAddresses(ctx, opts.ListenIP, n.name)
	if err != nil {
		return nil, err
	}
	if n.listeners, n.port, err = listenRange(ctx, addrs, opts.MinPort, opts.MaxPort); err != nil {
		return nil, err
	}
	creation, err := n.register(ctx, addrs)
	if err != nil {
		return nil, err
	}
	if err := n.open(creation); err != nil {
		return nil, err
	}
	return n, nil
}

// open makes the inside of the node, which needs the creation, and begins to
// accept.
func (n *Node) open(creation uint32) error {
	n.ids = newIDs(n.opts.Name, creation)
	n.reg = newRegistry(n.opts.Name)
	n.lobby = newLobby()
	n.events = newEvents()
	n.procs = newProcesses()
	n.functions = newFunctions()
	n.waiters = newWaiters()
	n.calls = &callLimit{limit: n.opts.MaxCalls}
	n.self = n.newLink(n.opts.Name, nil)
	n.telling.Go("events", n.events.run)
	n.group.Go("local signals", n.self.pump)
	if err := n.startServices(); err != nil {
		return err
	}
	for _, listener := range n.listeners {
		n.group.Go("accept "+listener.Addr().String(), func(ctx context.Context) error {
			return n.acceptLoop(ctx, listener)
		})
	}
	if len(n.listeners) == 0 {
		n.log.Info("node has got its name", "node", n.opts.Name, "creation", creation)
		return nil
	}
	n.log.Info("distribution listens", "node", n.opts.Name, "port", n.port,
		"addresses", addressesOf(n.listeners), "creation", creation)
	return nil
}

// abandon undoes a start that failed.
func (n *Node) abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), n.opts.SetupTime)
	defer cancel()
	_ = n.shut(ctx) // the start's own error counts
}

// Stop leaves the cluster: it closes all links at once, unregisters, and waits
// for the node's goroutines. The error wraps run.ErrStopTimeout when some of
// them, such as called functions, still run when ctx is done; ctx without a
// deadline gets 5 s.
func (n *Node) Stop(ctx context.Context) error {
	n.stopOnce.Do(func() {
		ctx, cancel := withDefaultTimeout(ctx)
		defer cancel()
		if err := n.shut(ctx); err != nil {
			n.stopErr = fmt.Errorf("stop node %s: %w", n.opts.Name, err)
		}
	})
	return n.stopErr
}

func (n *Node) shut(ctx context.Context) error {
	closeAll(n.listeners)
	if n.reg != nil {
		n.reg.stop(ErrLeaving)
	}
	var errs []error
	if n.keeper != nil {
		errs = append(errs, n.keeper.Close())
	}
	errs = append(errs, n.group.StopAndWait(ctx), n.telling.StopAndWait(ctx))
	return errors.Join(errs...)
}

// Name is the full node name; with Options.NameFrom the one it was given.
func (n *Node) Name() string { return n.opts.Name }

// Port is the distribution port; 0 for a node that listens nowhere.
func (n *Node) Port() int { return n.port }

// Creation is the number that EPMD gave this run of the node; it is part of all
// its pids and references.
func (n *Node) Creation() uint32 { return n.ids.creation }

// Nodes lists the connected visible nodes, sorted: nodes() of Erlang. A hidden
// node has none.
func (n *Node) Nodes() []string { return n.nodes(func(l *link) bool { return !l.hidden() }) }

// HiddenNodes lists the nodes of hidden links, sorted: nodes(hidden).
func (n *Node) HiddenNodes() []string { return n.nodes((*link).hidden) }

// ConnectedNodes lists all connected nodes, sorted: nodes(connected).
func (n *Node) ConnectedNodes() []string { return n.nodes(func(*link) bool { return true }) }

func (n *Node) nodes(want func(*link) bool) []string {
	names := []string{}
	for _, l := range n.reg.links() {
		if want(l) {
			names = append(names, l.name)
		}
	}
	return names
}

// LinkStats counts the traffic on the link to a node; false without a link.
func (n *Node) LinkStats(name string) (dist.Stats, bool) {
	l := n.reg.up(name)
	if l == nil {
		return dist.Stats{}, false
	}
	return l.dist.Stats(), true
}

// MakeRef returns a new unique reference.
func (n *Node) MakeRef() etf.Ref { return n.ids.ref() }

// local is what the handshake tells of us.
func (n *Node) local() dist.Local {
	flags := dist.DefaultFlags
	if n.opts.Hidden {
		flags = dist.HiddenFlags
	}
	return dist.Local{
		Name: n.opts.Name, Creation: n.ids.creation, Flags: flags, Cookie: n.opts.Cookie,
		Wide: n.tls != nil,
	}
}

// route is the link over which a node is reached: the local one, one that is
// up, or a new one (with dial).
func (n *Node) route(ctx context.Context, name etf.Atom, dial bool) (*link, error) {
	if name == n.ids.node {
		return n.self, nil
	}
	for {
		if l := n.reg.up(string(name)); l != nil {
			return l, nil
		}
		if !dial {
			return nil, fmt.Errorf("%s: %w", name, ErrNoConnection)
		}
		if _, err := n.Connect(ctx, string(name)); err != nil {
			return nil, as(ErrNoConnection, err)
		}
	}
}

// withDefaultTimeout gives ctx DefaultTimeout when it has no deadline.
func withDefaultTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}
