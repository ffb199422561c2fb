package global

import (
	"maps"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// name is a registered name.
type name struct {
	name     etf.Term
	pid      etf.Pid
	method   etf.Term // settles conflicts
	external etf.Atom // the node that registered a process that is of no Erlang node; else ""
	watch    uint64
}

// names is the table of registered names, by key.
type names struct {
	c     *core
	table map[string]*name
	named map[etf.Pid]int // how many names a process has
	// What happened: names that were inserted, and those that were removed or
	// replaced.
	inserts, removals int64
}

func newNames(c *core) names {
	return names{c: c, table: map[string]*name{}, named: map[etf.Pid]int{}}
}

func (t *names) get(n etf.Term) (*name, bool) {
	e, ok := t.table[keyOf(n)]
	return e, ok
}

// insert registers a name in place of what it was. It is taken back at once when
// the lock under which it was registered is gone: its holder has died.
func (t *names) insert(o op, external etf.Atom, by authority) {
	key := keyOf(o.name)
	if old := t.table[key]; old != nil && old.pid == o.pid && old.external == external {
		old.method = o.method
		return
	}
	t.drop(key)
	e := &name{name: o.name, pid: o.pid, method: o.method, external: external}
	t.inserts++
	t.table[key] = e
	t.named[o.pid]++
	e.watch = t.c.watch(o.pid, o.pid.Node, func(etf.Term) {
		if t.table[key] == e {
			t.drop(key)
		}
	})
	if t.table[key] == e && !t.c.locks.held(by) {
		t.drop(key)
	}
}

// remove unregisters a name.
func (t *names) remove(n etf.Term) { t.drop(keyOf(n)) }

func (t *names) drop(key string) {
	e := t.table[key]
	if e == nil {
		return
	}
	t.removals++
	delete(t.table, key)
	if t.named[e.pid]--; t.named[e.pid] <= 0 {
		delete(t.named, e.pid)
	}
	t.c.unwatch(e.watch)
}

// dropNode removes the names of the processes of a node.
func (t *names) dropNode(n etf.Atom) {
	for _, key := range slices.Sorted(maps.Keys(t.table)) {
		if t.table[key].pid.Node == n {
			t.drop(key)
		}
	}
}

// sorted lists the names in a stable order.
func (t *names) sorted() []*name {
	var out []*name
	for _, key := range slices.Sorted(maps.Keys(t.table)) {
		out = append(out, t.table[key])
	}
	return out
}

// list writes [{Name, Pid, Method}].
func (t *names) list() etf.List {
	list := etf.List{}
	for _, e := range t.sorted() {
		list = append(list, etf.Tuple{e.name, e.pid, e.method})
	}
	return list
}

// externals writes [{Name, Pid, Node}] of the external names.
func (t *names) externals() etf.List {
	list := etf.List{}
	for _, e := range t.sorted() {
		if e.external != "" {
			list = append(list, etf.Tuple{e.name, e.pid, e.external})
		}
	}
	return list
}
