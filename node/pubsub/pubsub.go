package pubsub

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/pg"
)

// stopTime bounds Stop when its context has no deadline.
const stopTime = 5 * time.Second

// Words of the protocol.
const (
	atomForward  etf.Atom = "forward_to_local"
	atomError    etf.Atom = "error"
	atomNotsup   etf.Atom = "notsup"
	atomShutdown etf.Atom = "shutdown"
)

// PubSub is one PubSub on this node. Its methods may be called from any
// goroutine; but for Start, Flush and Stop none blocks.
type PubSub struct {
	opts   Options
	scope  *pg.Scope
	node   *node.Node
	self   string // our node
	groups []etf.Atom
	log    *slog.Logger
	run    *run.Group

	buffers sync.Pool // *[]byte

	workers     []*node.Process
	unsubscribe func()

	peersMu sync.Mutex // held while a message is queued for all peers: it makes their order the same
	peers   map[string]*peer

	mu      sync.RWMutex
	stopped bool
	topics  map[string][]*Subscription // slices are replaced, not changed
	cut     uint64                     // subscribers that were cut off
}

// Start starts a PubSub in a scope, which should be named Scope. Several may
// share it. Stop it before the scope.
//
// Errors: ErrBadName; node.ErrNameTaken when there is one of the name already.
func Start(scope *pg.Scope, opts Options) (*PubSub, error) {
	opts = opts.withDefaults()
	n := scope.Node()
	p := &PubSub{
		opts: opts, scope: scope, node: n, self: n.Name(), groups: groups(opts.Name, opts.PoolSize),
		log: opts.Logger.With("pubsub", opts.Name), peers: map[string]*peer{}, topics: map[string][]*Subscription{},
	}
	if last := p.groups[len(p.groups)-1]; opts.Name == "" || !last.Valid() {
		return nil, fmt.Errorf("start PubSub %q: %w", opts.Name, ErrBadName)
	}
	p.run = run.NewGroup(context.Background(), "pubsub "+opts.Name, p.log)
	for _, group := range p.groups {
		if err := p.startWorker(group); err != nil {
			p.endWorkers()
			return nil, fmt.Errorf("start PubSub %s: %w", opts.Name, err)
		}
	}
	p.unsubscribe = n.Subscribe(p.onNode)
	return p, nil
}

// startWorker starts the process that takes the messages of others for a group.
func (p *PubSub) startWorker(group etf.Atom) error {
	var worker *node.Process
	started := make(chan struct{})
	worker, err := p.node.Spawn(string(group), node.Callbacks{
		Message: func(m node.Message) {
			<-started // a moment
			p.receive(worker, m)
		},
		Exit: func(etf.Pid, etf.Term) {}, // nobody may end it
	})
	close(started)
	if err != nil {
		return err
	}
	p.workers = append(p.workers, worker)
	return p.scope.Join(group, worker.Pid())
}

func (p *PubSub) endWorkers() {
	for _, w := range p.workers {
		w.Terminate(atomShutdown)
	}
}

// Stop ends the PubSub: other nodes send it nothing more, subscriptions end
// with ErrStopped. It waits for subscribers' functions that run, so it must not
// be called by one. ctx without a deadline gets 5 s; the error wraps
// run.ErrStopTimeout.
func (p *PubSub) Stop(ctx context.Context) error {
	p.unsubscribe()
	p.endWorkers()
	for _, sub := range p.close() {
		sub.end(ErrStopped)
		sub.feed.Abort()
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stopTime)
		defer cancel()
	}
	if err := p.run.StopAndWait(ctx); err != nil {
		return fmt.Errorf("stop PubSub %s: %w", p.opts.Name, err)
	}
	return nil
}

// close refuses everything from now on and returns the subscriptions there were.
func (p *PubSub) close() []*Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	var all []*Subscription
	for _, subs := range p.topics {
		all = append(all, subs...)
	}
	clear(p.topics)
	return all
}

// Name is the name that Start was given.
func (p *PubSub) Name() string { return p.opts.Name }

// receive serves what arrives at a worker.
func (p *PubSub) receive(worker *node.Process, m node.Message) {
	if r, ok := node.ParseGen(m.Term); ok {
		_ = worker.PostReply(r, etf.Tuple{atomError, atomNotsup}) // fails only when the caller's link is gone or flooded
		return
	}
	t, ok := etf.AsTagged(m.Term, atomForward, 4)
	if !ok {
		return
	}
	topic, okTopic := etf.AsString(t[1])
	dispatcher, okDispatcher := etf.AsAtom(t[3])
	if okTopic && okDispatcher {
		p.dispatch(Message{Topic: topic, Term: t[2], Dispatcher: dispatcher, Node: string(m.From.Node)}, nil)
	}
}
