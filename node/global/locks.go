package global

import (
	"maps"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// lock is a lock that is set on this node. It has one requester and a set of
// holders: the processes that set it in his name. It is free when the last holder
// has deleted it or ended.
type lock struct {
	id        lockID
	requester string             // key of id.requester
	holders   map[etf.Pid]uint64 // and the monitors of them
}

// locks is the table of locks on this node, by the key of the resource.
type locks struct {
	c     *core
	table map[string]*lock
	// down says that the holder of the lock on the names ended while it held it:
	// who still believes in that lock must not change names.
	down bool
}

func newLocks(c *core) locks { return locks{c: c, table: map[string]*lock{}} }

// free says whether the lock could be set now.
func (t *locks) free(id lockID) bool {
	l := t.table[keyOf(id.resource)]
	return l == nil || l.requester == keyOf(id.requester)
}

// namesLocked says whether the lock on the names is set.
func (t *locks) namesLocked() bool { return t.table[keyOf(atomGlobal)] != nil }

// set sets a lock for a holder; false when it belongs to another requester.
func (t *locks) set(id lockID, holder etf.Pid) bool {
	if !t.free(id) {
		return false
	}
	key := keyOf(id.resource)
	l := t.table[key]
	if l == nil {
		l = &lock{id: id, requester: keyOf(id.requester), holders: map[etf.Pid]uint64{}}
		t.table[key] = l
	}
	if _, ok := l.holders[holder]; !ok {
		l.holders[holder] = 0
		watch := t.c.watch(holder, holder.Node, func(etf.Term) { t.release(key, l, holder, true) })
		if _, still := l.holders[holder]; still {
			l.holders[holder] = watch
		}
	}
	return true
}

// del takes a holder off a lock; whatever else is asked for does nothing.
func (t *locks) del(id lockID, holder etf.Pid) {
	key := keyOf(id.resource)
	if l := t.table[key]; l != nil && l.requester == keyOf(id.requester) {
		t.release(key, l, holder, false)
	}
}

// release takes a holder off; died tells that it ended.
func (t *locks) release(key string, l *lock, holder etf.Pid, died bool) {
	watch, ok := l.holders[holder]
	if !ok || t.table[key] != l {
		return
	}
	delete(l.holders, holder)
	t.c.unwatch(watch)
	if len(l.holders) > 0 {
		return
	}
	delete(t.table, key)
	if l.id.resource == etf.Term(atomGlobal) {
		t.down = died
	}
}

// dropNode removes the holders of a node.
func (t *locks) dropNode(n etf.Atom) {
	for _, key := range slices.Sorted(maps.Keys(t.table)) {
		l := t.table[key]
		for holder := range maps.Clone(l.holders) {
			if holder.Node == n {
				t.release(key, l, holder, true)
			}
		}
	}
}

// authority is in whose name names are changed: a holder of the lock on the
// names, a lock of two lockers, or the owner of the process.
type authority struct {
	holder etf.Pid
	id     lockID
	isLock bool
	known  bool
	owner  bool
}

func byHolder(pid etf.Pid) authority      { return authority{holder: pid, known: true} }
func bylock(id lockID, ok bool) authority { return authority{id: id, isLock: true, known: ok} }

// byOwner is the authority of the node that the process of a name runs on: what it
// says of its own needs no lock.
func byOwner() authority { return authority{owner: true} }

// held says whether who changes names still holds the lock on them. Without any
// lock everybody may, unless the last holder died.
func (t *locks) held(by authority) bool {
	l := t.table[keyOf(atomGlobal)]
	switch {
	case by.owner:
		return true
	case l == nil:
		return !t.down
	case by.isLock:
		return by.known && keyOf(by.id.requester) == l.requester
	}
	_, ok := l.holders[by.holder]
	return ok
}
