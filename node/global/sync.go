package global

import (
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// syncer waits until some nodes are in sync with us or gone.
type syncer struct {
	left map[etf.Atom]bool
	done func()
}

// sync calls done when all of the nodes are in sync with us or gone.
func (c *core) sync(nodes []etf.Atom, done func()) *syncer {
	s := &syncer{left: map[etf.Atom]bool{}, done: done}
	for _, n := range nodes {
		if n != c.self && c.links[n] && !c.synced[n] {
			s.left[n] = true
		}
	}
	if len(s.left) == 0 {
		done()
		return s
	}
	c.syncers = append(c.syncers, s)
	return s
}

// nowSynced notes that a node has our names.
func (c *core) nowSynced(n etf.Atom) {
	if c.links[n] || c.isKnown(n) {
		c.synced[n] = true
	}
	delete(c.restarts, n)
	c.syncersLose(n)
}

// syncersLose tells who waits that a node is in sync or gone.
func (c *core) syncersLose(n etf.Atom) {
	c.syncers = slices.DeleteFunc(c.syncers, func(s *syncer) bool {
		delete(s.left, n)
		if len(s.left) == 0 {
			s.done()
			return true
		}
		return false
	})
}

// dropSyncer forgets a syncer that nobody waits for any more.
func (c *core) dropSyncer(s *syncer) {
	c.syncers = slices.DeleteFunc(c.syncers, func(o *syncer) bool { return o == s })
}
