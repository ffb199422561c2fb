package global

import (
	"slices"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// holdLimit bounds how long our locker keeps a lock of both partitions. What is
// not done by then is given up and begun anew.
const holdLimit = 5 * time.Second

// him is a node that we are about to join with, as the locker sees it.
type him struct {
	node    etf.Atom
	id      uint64 // of the session
	locker  etf.Pid
	version int
	tag     int64    // ours
	hisTag  etf.Term // his
}

// lockSet is {lock_set, Locker, IsSet, Known[, OurTag]}: he has locked his
// partition and wants us to lock ours (or has not, or will not).
type lockSet struct {
	from etf.Pid
	set  bool
	tag  etf.Term // nil below version 8
}

// cancelLock ends the joining with a node: before the lock is freed something
// may have to be done.
type cancelLock struct {
	node   etf.Atom
	id     uint64 // of the session
	before func()
}

// phase is what the locker does.
type phase int

const (
	idle      phase = iota
	busy            // waits for answers to calls
	asking          // both partitions are locked by us; waits for his lock_set
	exchanged       // both have locked; waits for the end of the session
)

// locker locks our partition and his before names are exchanged: one joining at
// a time. Messages wait in mail until the phase has use for them.
type locker struct {
	c        *core
	phase    phase
	hims     []him
	mail     []any // lockSet, cancelLock
	timer    *timer
	failures int
	lucky    bool // the last joining succeeded: try the next at once

	// Of the joining that runs.
	with     him
	id       lockID
	nodes    []etf.Atom // where the lock is set
	deadline *timer
}

// meet adds a node to join with.
func (k *locker) meet(h him) {
	k.hims = append(slices.DeleteFunc(k.hims, func(o him) bool { return o.node == h.node }), h)
}

// cancel ends the joining with a node.
func (k *locker) cancel(n etf.Atom, id uint64, before func()) {
	k.mail = append(k.mail, cancelLock{node: n, id: id, before: before})
}

// onLockSet takes lock_set from the server or, from old nodes, from the locker's
// own mail. Those of an older session are dropped.
func (c *core) onLockSet(t etf.Tuple) {
	from, okP := t[1].(etf.Pid)
	set, okB := etf.AsBool(t[2])
	if !okP || !okB {
		return
	}
	m := lockSet{from: from, set: set}
	if len(t) == 5 {
		if s := c.sessions[from.Node]; s == nil || !isTag(t[4], s.tag) {
			return
		}
		m.tag = t[4]
	}
	c.lk.mail = append(c.lk.mail, m)
}

// run works off the mail as far as the phase allows.
func (k *locker) run() {
	for k.step() {
	}
	k.arm()
}

// step handles one message; it says whether there was one to handle.
func (k *locker) step() bool {
	for i, m := range k.mail {
		handle := k.handler(m)
		if handle == nil {
			continue
		}
		k.mail = slices.Delete(k.mail, i, i+1)
		handle()
		return true
	}
	return false
}

// handler is what to do with a message in this phase; nil leaves it for later.
func (k *locker) handler(m any) func() {
	switch m := m.(type) {
	case cancelLock:
		mine := m.node == k.with.node && m.id == k.with.id
		switch {
		case k.phase == idle:
			return func() { k.cancelled(m) }
		case (k.phase == asking || k.phase == exchanged) && mine:
			return func() { k.finish(m) }
		}
	case lockSet:
		switch {
		case k.phase == idle:
			return func() { k.asked(m) }
		case k.phase == asking && m.from.Node == k.with.node:
			return func() { k.answered(m) }
		}
	}
	return nil
}

// cancelled drops a node that the locker has not begun with.
func (k *locker) cancelled(m cancelLock) {
	if m.before != nil {
		m.before()
	}
	k.hims = slices.DeleteFunc(k.hims, func(h him) bool { return h.node == m.node && h.id == m.id })
}

// asked serves a lock_set while we do nothing else: he has locked his partition.
func (k *locker) asked(m lockSet) {
	if !m.set {
		return
	}
	i := slices.IndexFunc(k.hims, func(h him) bool { return h.node == m.from.Node })
	if i < 0 || m.tag != nil && !isTag(m.tag, k.hims[i].tag) {
		k.say(him{node: m.from.Node, locker: m.from, version: vsnOldest}, false)
		return
	}
	h := k.hims[i]
	h.locker = m.from
	k.lockFor(h, nil, func(ok bool) {
		k.say(h, ok)
		if ok {
			k.bothLocked()
			return
		}
		k.fail()
	})
}

// say sends lock_set: directly to the locker of an old node, else through the
// server.
func (k *locker) say(h him, set bool) {
	known := memberList(k.c.memberVersions(), h.version)
	if h.version < vsnTags {
		known = atomTerms(k.c.members())
	}
	msg := etf.Tuple{etf.Atom("lock_set"), k.c.locker, etf.Bool(set), known}
	if h.version >= vsnTags {
		msg = append(msg, h.hisTag)
	}
	if h.version < vsnProxy {
		k.c.post(k.c.locker, h.node, h.locker, msg)
		return
	}
	k.c.post(k.c.locker, h.node, etf.Tuple{serverName, h.node}, etf.Tuple{atomCast, msg})
}

// lockFor locks our partition, and him too if extra: first the boss, then
// ourselves, then the rest.
func (k *locker) lockFor(h him, extra []etf.Atom, done func(ok bool)) {
	c := k.c
	k.phase = busy
	k.with, k.id = h, pairLock(c.locker, h.locker)
	members := c.members()
	all := append([]etf.Atom{c.self}, members...)
	first := boss(all)
	k.nodes = append(all, extra...)
	if first != c.self && !c.locks.free(k.id) {
		done(false)
		return
	}
	groups := [][]etf.Atom{{first}, without(append([]etf.Atom{c.self}, extra...), first), without(members, first)}
	k.deadline = c.after(holdLimit, func() { k.tooLong() })
	c.setLocks(k.id, c.locker, groups, c.now.Add(holdLimit-time.Second), done)
}

// arm sets the clock for the next attempt to join with somebody: 200 ms while we
// are alone, else longer the more members there are, and random on top after
// failures, since two that try at once hinder each other.
func (k *locker) arm() {
	if k.phase != idle || k.timer != nil {
		return
	}
	if len(k.hims) == 0 {
		k.lucky = false
		return
	}
	wait := 200 * time.Millisecond
	if n := len(k.c.known); n > 0 {
		wait = min(time.Second+time.Duration(n)*100*time.Millisecond, 3*time.Second)
	}
	if k.lucky {
		wait = 0
	}
	if k.failures > 0 {
		wait += k.c.backOff(k.failures)
	}
	k.lucky = false
	k.timer = k.c.after(wait, func() {
		k.timer = nil
		k.try()
	})
}

// try begins to join with one of those that wait for it.
func (k *locker) try() {
	c := k.c
	k.hims = slices.DeleteFunc(k.hims, func(h him) bool { return c.isKnown(h.node) })
	if k.phase != idle || len(k.hims) == 0 || c.locks.namesLocked() {
		return
	}
	h := k.hims[c.rand.IntN(len(k.hims))]
	k.lockFor(h, []etf.Atom{h.node}, func(ok bool) {
		if !ok {
			k.fail()
			return
		}
		k.phase = asking
		k.say(h, true)
	})
}

// fail goes back to idle after an attempt that did not get its locks.
func (k *locker) fail() {
	k.failures++
	k.rest()
}

func (k *locker) rest() {
	k.c.timers.stop(k.deadline)
	k.phase, k.with, k.deadline, k.nodes = idle, him{}, nil, nil
}

// answered serves his answer to our lock_set.
func (k *locker) answered(m lockSet) {
	switch {
	case m.tag != nil && !isTag(m.tag, k.with.tag): // of an older session
	case m.set:
		k.bothLocked()
	default:
		k.failures++
		k.free()
	}
}

// bothLocked tells the server that both partitions are locked.
func (k *locker) bothLocked() {
	k.phase = exchanged
	k.c.lockedBoth(k.with.node, k.with.id, k.id)
}

// finish ends the joining: with success when something is to be done before the
// locks are freed.
func (k *locker) finish(m cancelLock) {
	if m.before != nil {
		m.before()
	}
	k.hims = slices.DeleteFunc(k.hims, func(h him) bool { return h.node == m.node && h.id == m.id })
	if k.phase == exchanged {
		k.failures, k.lucky = 0, true
	}
	k.free()
}

// free deletes the locks of the joining and goes back to idle.
func (k *locker) free() {
	k.phase = busy
	k.c.timers.stop(k.deadline)
	k.c.freeLocks(k.id, k.c.locker, k.nodes, k.rest)
}

// tooLong gives up a joining that holds its locks for too long: he is frozen, or
// a method for conflicts is slow. Both begin anew; with a node of an old version
// only the locks are freed, what it does later still counts.
func (k *locker) tooLong() {
	if k.phase != asking && k.phase != exchanged {
		return // the calls of the other phases have their own bounds
	}
	h := k.with
	k.failures++
	k.c.log.Warn("global: joining with a node takes too long", "node", h.node)
	k.free()
	if s := k.c.sessions[h.node]; s != nil && s.id == h.id && h.version >= vsnTags {
		k.c.giveUp(h.node)
	}
}
