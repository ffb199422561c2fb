package cluster

import (
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
)

// links is the set of visible and hidden nodes that are linked now, kept from
// the node's events. It outlives actors and writes the log lines about links,
// so that each is written once.
type links struct {
	log linkLog

	mu sync.Mutex
	up map[string]link
}

type link struct {
	dialled, hidden bool
	since           time.Time
}

func newLinks(log linkLog) *links { return &links{log: log, up: map[string]link{}} }

// note takes an event of the node and says whether it changed anything.
func (l *links) note(ev node.NodeEvent) bool {
	l.mu.Lock()
	before, was := l.up[ev.Node]
	if ev.Up {
		l.up[ev.Node] = link{dialled: ev.Dialled, hidden: ev.Hidden, since: time.Now()}
	} else {
		delete(l.up, ev.Node)
	}
	l.mu.Unlock()
	switch {
	case was == ev.Up:
		return ev.Up // a link was replaced by a newer one
	case !ev.Up:
		l.log.disconnected(ev.Node, ev.Reason, before.hidden)
	case ev.Dialled:
		l.log.connected(ev.Node)
	default:
		l.log.accepted(ev.Node)
	}
	return true
}

// find gives one link.
func (l *links) find(name string) (link, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, ok := l.up[name]
	return x, ok
}

// all gives a copy.
func (l *links) all() map[string]link {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := make(map[string]link, len(l.up))
	for name, x := range l.up {
		m[name] = x
	}
	return m
}

// visible lists the linked nodes that are not hidden, sorted.
func (l *links) visible() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name, x := range l.up {
		if !x.hidden {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
