package global

import (
	"slices"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// change is a change of the names that all nodes of the partition take part in.
type change struct {
	prepare func() (request etf.Term, err error) // called under the lock; nil request: nothing to do
	done    func(error)
	given   bool // nobody waits any more
	tries   int
}

// registrar makes one change after the other under the lock on the names.
type registrar struct {
	c     *core
	queue []*change
	busy  bool
}

// add queues a change.
func (r *registrar) add(ch *change) {
	r.queue = append(r.queue, ch)
	r.next()
}

// next begins with the first change that somebody waits for.
func (r *registrar) next() {
	r.queue = slices.DeleteFunc(r.queue, func(ch *change) bool { return ch.given })
	if r.busy || len(r.queue) == 0 {
		return
	}
	r.busy = true
	r.attempt(r.queue[0])
}

// attempt locks the partition, the boss first. It is tried again when somebody
// else has the lock or when the partition grew meanwhile.
func (r *registrar) attempt(ch *change) {
	c := r.c
	if ch.given {
		r.finish(ch)
		return
	}
	id := lockID{resource: atomGlobal, requester: c.registrar}
	nodes := append([]etf.Atom{c.self}, c.members()...)
	groups := [][]etf.Atom{{boss(nodes)}, nodes}
	c.setLocks(id, c.registrar, groups, c.now.Add(holdLimit-time.Second), func(ok bool) {
		switch {
		case !ok:
			r.later(ch)
		case len(without(c.members(), nodes...)) > 0:
			c.freeLocks(id, c.registrar, nodes, func() { r.later(ch) })
		default:
			r.perform(ch, id, nodes)
		}
	})
}

func (r *registrar) later(ch *change) {
	ch.tries++
	r.c.after(r.c.backOff(ch.tries-1), func() { r.attempt(ch) })
}

// perform makes the change everywhere and frees the lock.
func (r *registrar) perform(ch *change, id lockID, nodes []etf.Atom) {
	c := r.c
	request, err := ch.prepare()
	if err != nil || request == nil {
		c.freeLocks(id, c.registrar, nodes, func() { r.finish(ch); ch.done(err) })
		return
	}
	c.multiCall(c.registrar, nodes, request, callWait, func(*round) {
		c.freeLocks(id, c.registrar, nodes, func() { r.finish(ch); ch.done(nil) })
	})
}

func (r *registrar) finish(ch *change) {
	r.queue = slices.DeleteFunc(r.queue, func(o *change) bool { return o == ch })
	r.busy = false
	r.next()
}

// register makes the change that gives a process a name. With anew the name may
// belong to another process.
func (c *core) register(o op, anew bool, done func(error)) *change {
	ch := &change{done: done, prepare: func() (etf.Term, error) {
		if _, taken := c.names.get(o.name); taken && !anew {
			return nil, ErrNameTaken
		}
		if c.names.named[o.pid] > 0 && !anew {
			return nil, ErrPidNamed
		}
		return etf.Tuple{etf.Atom("register"), o.name, o.pid, o.method}, nil
	}}
	c.rg.add(ch)
	return ch
}

// unregister makes the change that takes a name away.
func (c *core) unregister(n etf.Term, done func(error)) *change {
	ch := &change{done: done, prepare: func() (etf.Term, error) {
		if _, ok := c.names.get(n); !ok {
			return nil, nil
		}
		return etf.Tuple{etf.Atom("unregister"), n}, nil
	}}
	c.rg.add(ch)
	return ch
}

// claim is a lock that a user of the package asks for.
type claim struct {
	id     lockID
	holder etf.Pid
	nodes  []etf.Atom
	tries  int
	given  bool // nobody waits any more
	done   func()
}

// claimLock tries to set a lock until it succeeds or nobody waits any more.
func (c *core) claimLock(k *claim) {
	if k.given {
		return
	}
	// Who sets a lock on several nodes begins with the boss, so that of two that
	// do one gets it.
	first := boss(k.nodes)
	groups := [][]etf.Atom{{first}, without(k.nodes, first)}
	c.setLocks(k.id, k.holder, groups, c.now.Add(holdLimit), func(ok bool) {
		switch {
		case ok && k.given:
			c.delLocks(k.id, k.holder, k.nodes)
		case ok:
			k.done()
		default:
			k.tries++
			c.after(c.backOff(k.tries-1), func() { c.claimLock(k) })
		}
	})
}
