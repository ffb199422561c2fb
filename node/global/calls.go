package global

import (
	"slices"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// callWait bounds the answers to a call of ours. A server answers at once; one
// that does not is frozen.
const callWait = 2 * time.Second

// call is a call of ours to the server of a node.
type call struct {
	c     *core
	ref   etf.Ref
	node  etf.Atom
	watch uint64
	round *round
}

// round is one call to several nodes at once.
type round struct {
	c       *core
	open    int
	replies map[etf.Atom]etf.Term
	silent  []etf.Atom // nodes that did not answer in time
	calls   []*call
	timer   *timer
	started bool
	done    func(*round)
}

// multiCall calls the servers of nodes in the name of a process. done runs when
// all have answered, have no server or are gone, or when it took too long; the
// nodes that took too long are in silent.
func (c *core) multiCall(from etf.Pid, nodes []etf.Atom, request etf.Term, wait time.Duration, done func(*round)) {
	r := &round{c: c, replies: map[etf.Atom]etf.Term{}, done: done}
	for _, n := range nodes {
		if n == c.self {
			if answer := c.answer(request, from); answer != nil {
				r.replies[n] = answer
			}
			continue
		}
		if !c.links[n] && !c.isKnown(n) {
			continue
		}
		r.open++
		k := &call{c: c, ref: c.out.ref(), node: n, round: r}
		c.calls[k.ref] = k
		r.calls = append(r.calls, k)
		k.watch = c.watch(etf.Tuple{serverName, n}, n, func(etf.Term) { k.noReply() })
		c.post(from, n, etf.Tuple{serverName, n}, etf.Tuple{atomCall, etf.Tuple{from, k.ref}, request})
	}
	r.started = true
	if r.open > 0 {
		r.timer = c.after(wait, r.expire)
	}
	r.check()
}

// onReply takes {Ref, Answer}; late ones are dropped.
func (c *core) onReply(t etf.Tuple) {
	if len(t) != 2 {
		return
	}
	ref, ok := t[0].(etf.Ref)
	if k := c.calls[ref]; ok && k != nil {
		k.round.replies[k.node] = t[1]
		k.close()
	}
}

// noReply ends a call to a node that has no server or is gone.
func (k *call) noReply() {
	if k.c.calls[k.ref] == k {
		k.close()
	}
}

func (k *call) close() {
	delete(k.c.calls, k.ref)
	k.c.unwatch(k.watch)
	k.round.open--
	k.round.check()
}

// check ends the round when nothing is open.
func (r *round) check() {
	if r.started && r.open == 0 && r.done != nil {
		done := r.done
		r.done = nil
		r.c.timers.stop(r.timer)
		done(r)
	}
}

// expire ends the round whose time is over.
func (r *round) expire() {
	for _, k := range r.calls {
		if r.c.calls[k.ref] == k {
			r.silent = append(r.silent, k.node)
			delete(r.c.calls, k.ref)
			r.c.unwatch(k.watch)
		}
	}
	r.open = 0
	r.check()
}

// granted lists the nodes that answered true.
func (r *round) granted() []etf.Atom {
	var out []etf.Atom
	for n, answer := range r.replies {
		if answer == etf.Term(atomTrue) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// callsTo lists the open calls to a node.
func (c *core) callsTo(n etf.Atom) []etf.Ref {
	var out []etf.Ref
	for ref, k := range c.calls {
		if k.node == n {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, func(a, b etf.Ref) int { return etf.Compare(a, b) })
	return out
}

// setLocks sets a lock on groups of nodes, one group after the other. done gets
// false when somebody refused or did not answer; then nothing is left set.
func (c *core) setLocks(id lockID, holder etf.Pid, groups [][]etf.Atom, deadline time.Time, done func(ok bool)) {
	c.setLocksAfter(id, holder, nil, groups, deadline, done)
}

func (c *core) setLocksAfter(id lockID, holder etf.Pid, set []etf.Atom, groups [][]etf.Atom, deadline time.Time, done func(ok bool)) {
	if len(groups) == 0 {
		done(true)
		return
	}
	group := groups[0]
	if slices.Contains(group, c.self) && !c.locks.free(id) {
		c.delLocks(id, holder, set)
		done(false)
		return
	}
	wait := min(callWait, deadline.Sub(c.now))
	c.multiCall(holder, group, etf.Tuple{etf.Atom("set_lock"), id.term()}, wait, func(r *round) {
		granted := r.granted()
		if len(granted) == len(r.replies) && len(r.silent) == 0 {
			c.setLocksAfter(id, holder, append(set, granted...), groups[1:], deadline, done)
			return
		}
		// The silent ones get the deletion after the setting, when they wake up.
		c.delLocks(id, holder, slices.Concat(set, granted, r.silent))
		done(false)
	})
}

// delLocks deletes a lock without waiting.
func (c *core) delLocks(id lockID, holder etf.Pid, nodes []etf.Atom) {
	for _, n := range nodes {
		if n == c.self {
			c.locks.del(id, holder)
			continue
		}
		request := etf.Tuple{etf.Atom("del_lock"), id.term()}
		c.post(holder, n, etf.Tuple{serverName, n}, etf.Tuple{atomCall, etf.Tuple{holder, c.out.ref()}, request})
	}
}

// freeLocks deletes a lock everywhere, on the boss last, so that who waits for it
// finds it free everywhere.
func (c *core) freeLocks(id lockID, holder etf.Pid, nodes []etf.Atom, done func()) {
	request := etf.Tuple{etf.Atom("del_lock"), id.term()}
	last := boss(nodes)
	c.multiCall(holder, without(nodes, last), request, callWait, func(*round) {
		c.multiCall(holder, []etf.Atom{last}, request, callWait, func(*round) { done() })
	})
}

// backOff is a random wait after a number of failures: up to a quarter of a
// second after the first, doubling, up to eight seconds.
func (c *core) backOff(failures int) time.Duration {
	limit := 8 * time.Second
	if failures < 6 {
		limit = time.Second / 8 << failures
	}
	return 1 + time.Duration(c.rand.Int64N(int64(limit)))
}
