package cluster

import (
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

// inflight corrects usage answers by creations on their way. Without it a burst
// would land on whoever was emptiest when it began.
//
// While this node alone places rooms, what it has sent out and an answer does
// not show is added. A Fjord member says with its usage how many orders of this
// node it is done with, so that the difference is exact. For other members it
// is the orders without an answer and those answered after the usage was asked
// for. The own usage is read when choosing and shows all but
// what was chosen a moment ago.
//
// While other Fjord nodes place rooms too (they tell how many creations they
// have under way) each sees an accidental part of what the others do. To fill
// the same gap once, and not once per node, each then leaves new rooms out of
// account and spreads its own orders instead, each of which counts as often as
// all creations are of its own.
type inflight struct {
	self  string
	plain bool
	total time.Duration
	usage func() room.Usage // of this node: counters, which cost nothing
	fresh *recent           // new rooms of this node

	mu    sync.Mutex
	under int                // creations that have begun and not ended
	clock uint64             // counts finished creations
	views []uint64           // clocks at which running questions began, ascending
	nodes map[string]*flight // by node, since its link came up
}

type flight struct {
	sent     int // orders that the member has got, or will get
	pending  int
	finished []uint64 // clocks of creations that succeeded, ascending
	recent   recent   // orders sent of late
}

// newInflight makes it for a router that takes no longer than total for a room.
func newInflight(self string, plain bool, usage func() room.Usage, total time.Duration) *inflight {
	return &inflight{self: self, plain: plain, usage: usage, total: total, fresh: &recent{late: total}, nodes: map[string]*flight{}}
}

// link begins to count anew when a link comes or goes.
func (f *inflight) link(node string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.nodes, node)
}

// view is called before usage is asked for; leave must follow.
func (f *inflight) view() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.views = append(f.views, f.clock)
	return f.clock
}

func (f *inflight) leave(view uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.views, view); i >= 0 {
		f.views = slices.Delete(f.views, i, i+1)
	}
}

// begin counts a creation that has come in, end one that is over.
func (f *inflight) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.under++
}

func (f *inflight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.under--
}

// underWay is the number of creations that have begun and not ended.
func (f *inflight) underWay() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.under
}

// result is what became of a creation.
type result int

const (
	made    result = iota // there is a room
	notMade               // the member has had the order and made no room
	notSent               // the member has not had the order
)

// choose picks a member, reading the own usage itself, and counts the creation that the caller sends there
// now. finish must be called once, with what became of it.
func (f *inflight) choose(view uint64, loads []Load) (node string, finish func(result), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	all := f.under
	for _, l := range loads {
		all += l.underWay
	}
	for i := range loads {
		l := &loads[i]
		if l.Node == f.self {
			// Now, not before the lock: others have chosen since.
			l.Usage, l.fresh = f.usage(), f.fresh.count(now)
		}
		if l.InFlight = f.count(*l, view); all > f.under && f.under > 0 {
			// New is what was new when the member answered: were the orders of that
			// time forgotten before its new rooms are, it would look empty.
			at := l.at
			if at.IsZero() {
				at = now
			}
			l.InFlight = f.spread(l.Node, at)*all/f.under - l.fresh
		}
	}
	node, ok = Choose(loads, f.self, f.plain)
	if !ok {
		return "", nil, false
	}
	fl := f.nodes[node]
	if fl == nil {
		fl = &flight{recent: recent{late: f.total}}
		f.nodes[node] = fl
	}
	fl.pending++
	fl.sent++
	fl.recent.add(now)
	return node, func(r result) { f.finish(fl, r) }, true
}

// spread is how many orders a member has got from this node since shortly before
// a moment.
func (f *inflight) spread(node string, moment time.Time) int {
	if fl := f.nodes[node]; fl != nil {
		return fl.recent.count(moment)
	}
	return 0
}

// count is what a member's usage, asked for at view, does not show.
func (f *inflight) count(l Load, view uint64) int {
	fl := f.nodes[l.Node]
	switch {
	case fl == nil:
		return 0
	case l.served >= 0:
		return max(0, fl.sent-l.served)
	case l.Node == f.self:
		return fl.pending
	}
	later, _ := slices.BinarySearch(fl.finished, view+1)
	return fl.pending + len(fl.finished) - later
}

func (f *inflight) finish(fl *flight, r result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.pending--
	if r == notSent {
		fl.sent--
	}
	oldest := f.clock // nobody who asks from now on needs what is finished
	if len(f.views) > 0 {
		oldest = f.views[0]
	}
	keep, _ := slices.BinarySearch(fl.finished, oldest+1)
	fl.finished = slices.Delete(fl.finished, 0, keep)
	if r == made {
		f.clock++
		fl.finished = append(fl.finished, f.clock)
	}
}
