package global

import (
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

const (
	// doubtWait is how long after the loss of a link names are compared, and up to
	// twice that: what was under way has ended by then.
	doubtWait = 5 * time.Second
	// doubtTries bounds how often that is tried while names change.
	doubtTries = 20
)

// A link between members that is lost takes messages with it: names that were
// registered, or that a joining brought. OTP cuts off whole nodes then, which get
// all names when they join again. Nobody is cut off here: names are compared with
// all members afterwards. A name belongs to the node of its process: what that says
// counts.

// doubt begins a comparison after some time, unless one is to come already.
func (c *core) doubt() {
	if !c.doubting {
		c.doubting = true
		c.doubtLater(0)
	}
}

func (c *core) doubtLater(tries int) {
	c.after(c.doubtWait+time.Duration(c.rand.Int64N(int64(c.doubtWait))), func() {
		if (len(c.pending) > 0 || c.locks.namesLocked()) && tries < doubtTries {
			c.doubtLater(tries + 1)
			return
		}
		c.doubting = false
		for _, n := range c.members() {
			if c.steady[n] {
				c.wantNames(n)
			} else {
				c.wantTable(n, 0)
			}
		}
	})
}

// moment tells whether names have changed here since it was taken.
type moment struct{ inserts, removals int64 }

func (m moment) term() etf.Term { return etf.Tuple{m.inserts, m.removals} }

func (c *core) moment() moment { return moment{c.names.inserts, c.names.removals} }

// wantTable asks a node of OTP for its table of names.
func (c *core) wantTable(n etf.Atom, tries int) {
	switch {
	case !c.isKnown(n) || !c.links[n] || tries == doubtTries:
	case c.locks.namesLocked():
		c.after(strayWait, func() { c.wantTable(n, tries+1) })
	default:
		c.out.table(n, c.moment(), tries)
	}
}

// tableTold is the input for the table of a node, unless names changed meanwhile.
// Names of its processes that we lack are taken over, those that it has no more are
// dropped, and names of our processes that it lacks are registered again.
func (c *core) tableTold(n etf.Atom, asked moment, tries int, table []op) {
	if c.locks.namesLocked() || asked != c.moment() {
		c.after(strayWait, func() { c.wantTable(n, tries+1) })
		return
	}
	if !c.isKnown(n) || !c.links[n] {
		return
	}
	c.takeOver(n, table)
	theirs := map[string]bool{}
	for _, o := range table {
		theirs[keyOf(o.name)] = true
	}
	for _, e := range c.names.sorted() {
		if e.pid.Node == c.self && e.external == "" && !theirs[keyOf(e.name)] {
			c.registerAgain(e)
		}
	}
}

// takeOver makes the names of the processes of a node what it says that they are.
func (c *core) takeOver(n etf.Atom, told []op) {
	his := map[string]bool{}
	for _, o := range told {
		if o.remove || o.pid.Node != n {
			continue
		}
		his[keyOf(o.name)] = true
		if _, have := c.names.get(o.name); !have {
			c.names.insert(o, "", byOwner())
		}
	}
	for _, e := range c.names.sorted() {
		if e.pid.Node == n && e.external == "" && !his[keyOf(e.name)] {
			c.names.remove(e.name)
		}
	}
}

// registerAgain registers a name that we have on all nodes, if it is still so under
// the lock.
func (c *core) registerAgain(e *name) {
	c.log.Info("global: a node lacks a name, which is registered again", "name", etf.String(e.name), "pid", etf.String(e.pid))
	c.rg.add(&change{done: func(error) {}, prepare: func() (etf.Term, error) {
		if now, ok := c.names.get(e.name); !ok || now.pid != e.pid {
			return nil, nil
		}
		return etf.Tuple{etf.Atom("register"), e.name, e.pid, e.method}, nil
	}})
}
