package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// reconciler makes links to what is wanted and not linked: the targets of all
// strategies, and the nodes that linked nodes know. It never ends a link.
//
// It is one actor's state: handle is called for one message at a time. Dials
// and visits run elsewhere and come back as messages.
type reconciler struct {
	self  string
	log   linkLog
	board *board
	links *links
	// dial makes a link; visit asks a linked node whom it knows.
	dial  func(ctx context.Context, name string) error
	visit func(ctx context.Context, name string) ([]string, error)
	// post sends a message to the reconciler itself, run starts a task.
	post   func(msg any)
	run    func(name string, fn func(ctx context.Context) error) bool
	random func() float64
	// status is where snapshots are published.
	status *atomic.Pointer[[]PeerStatus]

	peers    map[string]*peer
	dialling int
	timer    *time.Timer
}

// Messages of the reconciler.
type (
	wake     struct{} // targets changed, or a time has come
	linkUp   struct{ node string }
	linkDown struct {
		node   string
		reason error
	}
	dialled struct {
		node string
		err  error
	}
	visited struct {
		node  string
		nodes []string
		err   error
	}
)

// start takes over what a predecessor left on the board.
func (r *reconciler) start() {
	r.peers = map[string]*peer{}
	for name := range r.links.all() {
		r.linkUp(name, time.Now())
	}
	r.step(time.Now())
}

// stop ends the timer; tasks end with their group.
func (r *reconciler) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
}

func (r *reconciler) handle(msg any) {
	now := time.Now()
	switch m := msg.(type) {
	case wake:
	case linkUp:
		r.linkUp(m.node, now)
	case linkDown:
		r.linkDown(m.node, m.reason, now)
	case dialled:
		r.dialled(m.node, m.err, now)
	case visited:
		r.visited(m, now)
	}
	r.step(now)
}

func (r *reconciler) peer(name string, now time.Time) *peer {
	p := r.peers[name]
	if p == nil {
		p = &peer{PeerStatus: PeerStatus{Node: name, Since: now}, lastSeen: now}
		r.peers[name] = p
	}
	return p
}

func (r *reconciler) linkUp(name string, now time.Time) {
	l, ok := r.links.find(name)
	if !ok {
		return // it has gone again; linkDown follows
	}
	p := r.peer(name, now)
	p.set(Up, now)
	p.Dialled, p.Hidden = l.dialled, l.hidden
	p.Attempts, p.early, p.Reason, p.Next = 0, 0, Reason{}, time.Time{}
	p.lastSeen = now
	p.visit, p.newLink = now, p.visiting
}

func (r *reconciler) linkDown(name string, reason error, now time.Time) {
	if _, again := r.links.find(name); again {
		return
	}
	p := r.peer(name, now)
	p.set(Down, now)
	p.Reason = reasonOf(reason)
	p.Attempts, p.early = 0, 0
	p.lastSeen = now
	p.Next = now.Add(backoffMin + time.Duration(r.random()*float64(backoffMin)/2))
	for _, other := range r.peers {
		other.report(name, false)
	}
}

func (r *reconciler) dialled(name string, err error, now time.Time) {
	r.dialling--
	p := r.peers[name]
	if p == nil || p.State != Dialling {
		return // the link came up, and the event was faster
	}
	if err == nil {
		// The event of the link is on its way, or it has come and gone.
		p.set(Down, now)
		p.Next = now.Add(backoff(1, 0))
		r.linkUp(name, now)
		return
	}
	reason := reasonOf(err)
	if p.failed(reason, now, r.random()) {
		r.log.failed(name, reason, p.Wanted)
	}
}

// visited learns the nodes that a linked node knows.
func (r *reconciler) visited(m visited, now time.Time) {
	p := r.peer(m.node, now)
	p.visiting = false
	if p.newLink {
		p.newLink = false // p.visit is due
	} else {
		p.visit = now.Add(visitEvery - time.Duration(r.random()*float64(visitEvery)/5))
	}
	if m.err != nil || p.State != Up {
		return
	}
	for _, name := range m.nodes {
		if name == r.self || name == m.node {
			continue
		}
		if q := r.peer(name, now); q.report(m.node, true) && q.State == Down {
			q.Next = now // somebody has just met it: it is alive
		}
	}
	for name, q := range r.peers {
		if !slices.Contains(m.nodes, name) {
			q.report(m.node, false)
		}
	}
}

// step does what is due and plans the next look.
func (r *reconciler) step(now time.Time) {
	wanted := r.board.union()
	delete(wanted, r.self)
	for name := range wanted {
		r.peer(name, now)
	}
	var due []*peer
	for name, p := range r.peers {
		p.Wanted = wanted[name]
		if p.Wanted || len(p.reportedBy) > 0 || p.State == Up {
			p.lastSeen = now
		}
		switch {
		case !p.relevant(now):
			delete(r.peers, name)
		case p.State == Up:
			r.look(p, now)
		case p.State != Dialling && !p.Next.After(now):
			due = append(due, p)
		}
	}
	slices.SortFunc(due, func(a, b *peer) int {
		return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.Node, b.Node))
	})
	for _, p := range due {
		if r.dialling >= dialMax {
			break // the next result brings us back here
		}
		r.connect(p, now)
	}
	r.publish()
	r.plan(now)
}

func (r *reconciler) connect(p *peer, now time.Time) {
	name := p.Node
	started := r.run("dial", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, dialLimit)
		defer cancel()
		err := r.dial(ctx, name)
		r.post(dialled{node: name, err: err})
		return nil
	})
	if started {
		r.dialling++
		p.set(Dialling, now)
		p.Next = time.Time{}
	}
}

// look asks a linked node for its nodes when that is due.
func (r *reconciler) look(p *peer, now time.Time) {
	if p.visiting || p.Hidden || p.visit.After(now) {
		return
	}
	name := p.Node
	p.visiting = r.run("visit", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, visitLimit)
		defer cancel()
		nodes, err := r.visit(ctx, name)
		r.post(visited{node: name, nodes: nodes, err: err})
		return nil
	})
}

// plan sets the timer to the next moment at which something is due.
func (r *reconciler) plan(now time.Time) {
	var next time.Time
	for _, p := range r.peers {
		var t time.Time
		switch {
		case p.State == Up && !p.visiting && !p.Hidden:
			t = p.visit
		case p.State != Up && p.State != Dialling && r.dialling < dialMax:
			t = p.Next
		}
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	r.stop()
	if !next.IsZero() {
		// Some rest even when much is due: a refused task must not spin.
		r.timer = time.AfterFunc(max(next.Sub(now), 10*time.Millisecond), func() { r.post(wake{}) })
	}
}

// publish makes a snapshot for readers.
func (r *reconciler) publish() {
	list := make([]PeerStatus, 0, len(r.peers))
	for _, name := range slices.Sorted(maps.Keys(r.peers)) {
		list = append(list, r.peers[name].PeerStatus)
	}
	r.status.Store(&list)
}
