package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// fakeNet is a network in memory. All nodes are linked unless cut.
type fakeNet struct {
	mu    sync.Mutex
	nodes map[string]*fakeNode
	cut   map[[2]string]bool

	waits      sync.Once
	performing sync.WaitGroup // what nodes do for others
}

func newFakeNet() *fakeNet {
	return &fakeNet{nodes: map[string]*fakeNode{}, cut: map[[2]string]bool{}}
}

// fakeNode is one node of it.
type fakeNode struct {
	net  *fakeNet
	name string

	mu     sync.Mutex
	funs   map[string]handler
	gen    map[string]func(ctx context.Context, from string, req etf.Term) (etf.Term, error)
	subs   []func(node.NodeEvent)
	linked map[string]bool
	dead   bool
	thaw   chan struct{} // not nil: frozen until closed
	delay  time.Duration
	before func(what string) // called before each function
	calls  map[string]int
	refuse map[string]error // dials that fail
	procs  map[string]*fakeProcess
}

func (f *fakeNet) add(name string) *fakeNode {
	n := &fakeNode{
		net: f, name: name, funs: map[string]handler{}, linked: map[string]bool{}, calls: map[string]int{},
		gen:    map[string]func(context.Context, string, etf.Term) (etf.Term, error){},
		refuse: map[string]error{}, procs: map[string]*fakeProcess{},
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes[name] = n
	return n
}

func (f *fakeNet) find(name string) *fakeNode {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nodes[name]
}

// link links two nodes, a having dialled.
func (f *fakeNet) link(a, b string) {
	x, y := f.find(a), f.find(b)
	x.event(node.NodeEvent{Node: b, Up: true, Dialled: true})
	y.event(node.NodeEvent{Node: a, Up: true})
}

// unlink ends the link of two nodes.
func (f *fakeNet) unlink(a, b string, reason error) {
	f.find(a).event(node.NodeEvent{Node: b, Reason: reason})
	f.find(b).event(node.NodeEvent{Node: a, Reason: reason})
}

// kill ends a node: its links are gone, nothing runs on it any more.
func (f *fakeNet) kill(name string) {
	n := f.find(name)
	n.mu.Lock()
	n.dead = true
	var peers []string
	for p := range n.linked {
		peers = append(peers, p)
	}
	n.linked = map[string]bool{}
	n.mu.Unlock()
	for _, p := range peers {
		f.find(p).event(node.NodeEvent{Node: name, Reason: node.ErrClosedByPeer})
	}
}

func (n *fakeNode) event(ev node.NodeEvent) {
	n.mu.Lock()
	if n.linked[ev.Node] == ev.Up {
		n.mu.Unlock()
		return
	}
	if ev.Up {
		n.linked[ev.Node] = true
	} else {
		delete(n.linked, ev.Node)
	}
	subs := slices.Clone(n.subs)
	n.mu.Unlock()
	for _, fn := range subs {
		fn(ev)
	}
}

func (n *fakeNode) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.thaw = make(chan struct{})
}

func (n *fakeNode) unfreeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.thaw)
	n.thaw = nil
}

// hook has fn called before each function that runs on the node.
func (n *fakeNode) hook(fn func(what string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.before = fn
}

func (n *fakeNode) Name() string { return n.name }

func (n *fakeNode) Nodes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var names []string
	for p := range n.linked {
		names = append(names, p)
	}
	slices.Sort(names)
	return names
}

func (n *fakeNode) Connect(_ context.Context, name string) (bool, error) {
	n.mu.Lock()
	n.calls["connect "+name]++
	err, linked := n.refuse[name], n.linked[name]
	n.mu.Unlock()
	peer := n.net.find(name)
	switch {
	case err != nil:
		return false, fmt.Errorf("connect to %s: %w", name, err)
	case linked:
		return false, nil
	case peer == nil || peer.isDead():
		return false, fmt.Errorf("connect to %s: %w", name, node.ErrNotRegistered)
	}
	n.net.link(n.name, name)
	return true, nil
}

func (n *fakeNode) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

func (n *fakeNode) count(what string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[what]
}

func (n *fakeNode) Subscribe(fn func(node.NodeEvent)) func() {
	n.mu.Lock()
	n.subs = append(n.subs, fn)
	n.mu.Unlock()
	for _, p := range n.Nodes() {
		fn(node.NodeEvent{Node: p, Up: true})
	}
	return func() {}
}

// perform has a peer do something: the request arrives even when the caller
// has given up, as on a real link.
func (n *fakeNode) perform(ctx context.Context, name, what string, fn func(peer *fakeNode) (etf.Term, error)) (etf.Term, error) {
	peer := n.net.find(name)
	n.mu.Lock()
	linked := n.linked[name]
	n.mu.Unlock()
	if peer == nil || !linked {
		return nil, node.ErrNoConnection
	}
	type answer struct {
		t   etf.Term
		err error
	}
	done := make(chan answer, 1)
	n.net.performing.Go(func() {
		peer.mu.Lock()
		thaw, delay, before := peer.thaw, peer.delay, peer.before
		peer.calls[what]++
		peer.mu.Unlock()
		if thaw != nil {
			<-thaw
		}
		if delay > 0 {
			time.Sleep(delay)
		}
		if before != nil {
			before(what)
		}
		if peer.isDead() {
			done <- answer{err: node.ErrNoConnection}
			return
		}
		t, err := fn(peer)
		if peer.isDead() {
			err = node.ErrNoConnection
		}
		done <- answer{t, err}
	})
	select {
	case a := <-done:
		return a.t, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *fakeNode) Call(ctx context.Context, name, module, function string, args ...etf.Term) (etf.Term, error) {
	return n.perform(ctx, name, module+":"+function, func(peer *fakeNode) (etf.Term, error) {
		peer.mu.Lock()
		fn := peer.funs[fmt.Sprintf("%s:%s/%d", module, function, len(args))]
		peer.mu.Unlock()
		if fn == nil {
			return nil, node.ErrUndef
		}
		return fn(ctx, node.Caller{Node: n.name}, args)
	})
}

func (n *fakeNode) Multicall(ctx context.Context, peers []string, module, function string, args ...etf.Term) []node.Result {
	results := make([]node.Result, len(peers))
	var wg sync.WaitGroup
	for i, p := range peers {
		wg.Go(func() {
			t, err := n.Call(ctx, p, module, function, args...)
			results[i] = node.Result{Node: p, Value: t, Err: err}
		})
	}
	wg.Wait()
	return results
}

func (n *fakeNode) GenCall(ctx context.Context, peer, name string, request etf.Term) (etf.Term, error) {
	return n.perform(ctx, peer, "gen "+name, func(peer *fakeNode) (etf.Term, error) {
		peer.mu.Lock()
		fn, proc := peer.gen[name], peer.procs[name]
		peer.mu.Unlock()
		if proc != nil {
			return proc.call(ctx, n.name, request)
		}
		if fn == nil {
			return nil, node.ErrNoProc
		}
		return fn(context.WithoutCancel(ctx), n.name, request)
	})
}

func (n *fakeNode) Handle(module, function string, arity int, fn handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.funs[fmt.Sprintf("%s:%s/%d", module, function, arity)] = fn
}

func (n *fakeNode) Spawn(name string, cb node.Callbacks) (process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.procs[name] != nil {
		return nil, node.ErrNameTaken
	}
	n.calls["spawn"]++
	p := &fakeProcess{
		node: n, name: name, cb: cb, ended: make(chan struct{}),
		pid: etf.Pid{Node: etf.Atom(n.name), ID: uint32(n.calls["spawn"]), Creation: 1}, waiting: map[int64]chan etf.Term{},
	}
	n.procs[name] = p
	return p, nil
}

// fakeProcess is a process of a fakeNode.
type fakeProcess struct {
	node  *fakeNode
	name  string
	cb    node.Callbacks
	pid   etf.Pid
	ended chan struct{}

	mu      sync.Mutex
	reason  etf.Term
	next    int64
	waiting map[int64]chan etf.Term
}

func (p *fakeProcess) Pid() etf.Pid { return p.pid }

func (p *fakeProcess) Terminate(reason etf.Term) {
	p.node.mu.Lock()
	delete(p.node.procs, p.name)
	p.node.mu.Unlock()
	p.mu.Lock()
	p.reason = reason
	p.mu.Unlock()
	close(p.ended)
}

func (p *fakeProcess) Reply(_ context.Context, r node.GenRequest, answer etf.Term) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ch := p.waiting[r.Tag.(int64)]; ch != nil {
		ch <- answer
		delete(p.waiting, r.Tag.(int64))
	}
	return nil
}

// call is a gen_server call: the answer, or the reason of the DOWN.
func (p *fakeProcess) call(ctx context.Context, from string, request etf.Term) (etf.Term, error) {
	p.mu.Lock()
	p.next++
	tag, ch := p.next, make(chan etf.Term, 1)
	p.waiting[tag] = ch
	p.mu.Unlock()
	caller := etf.Pid{Node: etf.Atom(from), ID: 1}
	p.cb.Message(node.Message{From: caller, Term: etf.Tuple{etf.Atom("$gen_call"), etf.Tuple{caller, tag}, request}})
	select {
	case a := <-ch:
		return a, nil
	case <-p.ended:
		return nil, &node.RemoteError{Class: node.ClassExit, Reason: p.reason}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fakeLocal is rooms without actors.
type fakeLocal struct {
	room.PeerService
	room.ComponentService
	address string

	mu     sync.Mutex
	rooms  map[room.ID]room.Room
	tracks int
	fail   error
	made   int

	draining bool
}

func newFakeLocal(address string) *fakeLocal {
	return &fakeLocal{address: address, rooms: map[room.ID]room.Room{}}
}

func (l *fakeLocal) Create(ctx context.Context, cfg room.Config) (room.Created, error) {
	if err := ctx.Err(); err != nil {
		return room.Created{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return room.Created{}, l.fail
	}
	if l.draining {
		return room.Created{}, room.ErrDraining
	}
	if cfg.RoomID == "" {
		cfg.RoomID = room.NewID()
	}
	if _, ok := l.rooms[cfg.RoomID]; ok {
		return room.Created{}, fmt.Errorf("create room %s: %w", cfg.RoomID, room.ErrExists)
	}
	r := room.Room{ID: cfg.RoomID, Config: cfg}
	l.rooms[cfg.RoomID] = r
	l.made++
	return room.Created{Room: r, Address: l.address}, nil
}

func (l *fakeLocal) Get(_ context.Context, id room.ID) (room.Room, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r, ok := l.rooms[id]; ok {
		return r, nil
	}
	return room.Room{}, room.ErrNotFound
}

func (l *fakeLocal) List(context.Context) ([]room.Room, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []room.Room
	for _, r := range l.rooms {
		all = append(all, r)
	}
	return all, nil
}

func (l *fakeLocal) Delete(_ context.Context, id room.ID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.rooms[id]; !ok {
		return room.ErrNotFound
	}
	delete(l.rooms, id)
	return nil
}

func (l *fakeLocal) Has(id room.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.rooms[id]
	return ok
}

func (l *fakeLocal) Usage() room.Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return room.Usage{Rooms: len(l.rooms), ForwardedTracks: l.tracks}
}

func (l *fakeLocal) Draining() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.draining
}

// drain has it refuse new rooms.
func (l *fakeLocal) drain(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = on
}

// total counts the rooms ever made.
func (l *fakeLocal) total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.made
}

func (l *fakeLocal) count() int { return l.Usage().Rooms }

// fakeMember is a Fjord node of a fakeNet: router, room server and rooms.
type fakeMember struct {
	*fakeNode
	local  *fakeLocal
	router *Router
	log    *logBook
}

// addMember makes a Fjord node, linked with nobody.
func (f *fakeNet) addMember(t testing.TB, name string) *fakeMember {
	t.Helper()
	// Once all groups have ended: a bubble may not end before what callers gave up.
	f.waits.Do(func() { t.Cleanup(f.performing.Wait) })
	n := f.add(name)
	m := &fakeMember{fakeNode: n, local: newFakeLocal(name + ":4000"), log: &logBook{}}
	log := slog.New(m.log)
	group := run.NewGroup(t.Context(), name, log)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := group.StopAndWait(ctx); err != nil {
			t.Error(err)
		}
	})
	capacity := newCapacity(m.local, Limits{})
	m.router = newRouter(n, capacity, false, deadlinesFor(usageLimit), group, log)
	m.router.address = m.local.address
	server := &roomServer{
		self: name, local: capacity, router: m.router, custom: m.router.custom, members: m.router.members, log: log, served: map[string]int{}, inflight: m.router.inflight,
		info: fjordInfo{Version: "test", Address: m.local.address}, ready: func() bool { return true },
	}
	server.serve(n)
	rooms := &localServer{local: capacity, product: productFishjam, address: m.local.address, pid: func() etf.Pid { return etf.Pid{Node: etf.Atom(name)} }}
	rooms.serve(n)
	m.router.ids.serve()
	for _, d := range dialects() {
		if d.registered == "" {
			continue
		}
		n.gen[d.registered] = func(ctx context.Context, from string, req etf.Term) (etf.Term, error) {
			answer, ok := server.request(ctx, from, req, d)
			if !ok {
				return nil, &node.RemoteError{Class: node.ClassExit, Reason: etf.Atom("function_clause")}
			}
			return answer, nil
		}
	}
	n.Subscribe(func(ev node.NodeEvent) {
		server.link(ev.Node)
		m.router.inflight.link(ev.Node)
		if ev.Up {
			m.router.members.up(ev.Node)
			m.router.watch.up(ev.Node)
		} else {
			m.router.members.down(ev.Node)
			m.router.watch.down(ev.Node, time.Now())
		}
	})
	return m
}

// mesh makes n linked Fjord nodes that know each other.
func (f *fakeNet) mesh(t testing.TB, names ...string) []*fakeMember {
	t.Helper()
	var all []*fakeMember
	for _, name := range names {
		all = append(all, f.addMember(t, name))
	}
	for i, a := range names {
		for _, b := range names[i+1:] {
			f.link(a, b)
		}
	}
	for _, m := range all {
		m.probeAll(t)
	}
	return all
}

func (m *fakeMember) probeAll(t testing.TB) {
	t.Helper()
	for _, p := range m.Nodes() {
		m.router.probe(t.Context(), p)
	}
}

// logBook keeps log lines.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (b *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logBook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logBook) WithGroup(string) slog.Handler            { return b }

func (b *logBook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += " " + a.String()
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	return nil
}

func (b *logBook) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.lines)
}
