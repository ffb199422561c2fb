package epmd

import (
	"container/list"
	"net"
	"sync"
	"time"
)

// Default number of unregistered names whose creation is remembered, and the
// smaller one of debugging mode.
const (
	rememberNames      = 1000
	rememberNamesDebug = 5
)

// registration is one name and the connection that holds it. After it ended it
// is remembered, so that the next node of that name gets another creation.
type registration struct {
	Entry
	counter uint32   // creation in its 32 bit form
	conn    net.Conn // closed to end the registration
	fd      int      // descriptor of conn, for DUMP
	place   *list.Element
}

// creation is what the node is told: 4 to 2^32-1, or 1 to 3 for a node older
// than version 6.
func (r *registration) creation() uint32 {
	if r.High >= largeCreation {
		return r.counter
	}
	return r.counter%3 + 1
}

// registry is the table of names. All methods may be called at the same time.
type registry struct {
	limit int // of remembered names

	mu       sync.Mutex
	active   map[string]*registration
	newest   list.List // active, newest first
	inactive map[string]*registration
	oldest   list.List // inactive, oldest first
}

func newRegistry(limit int) *registry {
	return &registry{
		limit:    limit,
		active:   map[string]*registration{},
		inactive: map[string]*registration{},
	}
}

// register adds e. It returns nil when e is invalid or its name is taken.
func (g *registry) register(e Entry, conn net.Conn) *registration {
	if !validEntry(e) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.active[e.Name] != nil {
		return nil
	}
	r := &registration{Entry: e, conn: conn, fd: descriptor(conn), counter: g.nextCounter(e.Name)}
	r.place = g.newest.PushFront(r)
	g.active[e.Name] = r
	return r
}

// nextCounter is the creation for name: one more than last time, or one
// derived from the clock so that a restarted server does not repeat it.
func (g *registry) nextCounter(name string) uint32 {
	counter := uint32(time.Now().Unix())
	if old := g.inactive[name]; old != nil {
		counter = old.counter
		g.oldest.Remove(old.place)
		delete(g.inactive, name)
	}
	return max(counter+1, minCreation)
}

// unregister ends r. It does nothing when r has ended before, even if the name
// is registered again.
func (g *registry) unregister(r *registration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(r)
}

func (g *registry) end(r *registration) {
	if g.active[r.Name] != r {
		return
	}
	delete(g.active, r.Name)
	g.newest.Remove(r.place)
	r.conn = nil
	r.place = g.oldest.PushBack(r)
	g.inactive[r.Name] = r
	for g.oldest.Len() > g.limit {
		first := g.oldest.Remove(g.oldest.Front()).(*registration)
		delete(g.inactive, first.Name)
	}
}

// stop ends the registration of name and returns the connection that held it,
// nil when the name is not registered.
func (g *registry) stop(name string) net.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.active[name]
	if r == nil {
		return nil
	}
	conn := r.conn
	g.end(r)
	return conn
}

// find returns the entry of name, nil when it is not registered.
func (g *registry) find(name string) *Entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.active[name]; r != nil {
		e := r.Entry
		return &e
	}
	return nil
}

// counts returns the numbers of registered and of remembered names.
func (g *registry) counts() (active, inactive int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.active), len(g.inactive)
}

// each calls fn for the registered names, newest first, then old for the
// remembered ones, oldest first. old may be nil. Neither may call the registry.
func (g *registry) each(fn, old func(e NameEntry, fd int)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	visit(&g.newest, fn)
	if old != nil {
		visit(&g.oldest, old)
	}
}

func visit(l *list.List, fn func(e NameEntry, fd int)) {
	for el := l.Front(); el != nil; el = el.Next() {
		r := el.Value.(*registration)
		fn(NameEntry{Name: r.Name, Port: r.Port}, r.fd)
	}
}
