package actor

import (
	"sync"
	"time"

	"ergo.services/ergo/gen"
)

// linkWait bounds how long an actor that ends waits for its supervisor, which
// has one step left to do.
const linkWait = 5 * time.Second

// cell is what the façade knows of one Ergo process, actor or supervisor.
type cell struct {
	sys  *System
	pid  gen.PID
	name string

	static  bool // a static supervisor
	entered bool // its init callback counted it in
	// Closed when a static supervisor hears of its end: Ergo links the two only
	// once the child runs. nil without such a supervisor.
	linked chan struct{}

	mu       sync.Mutex
	freed    bool // the registered name was given back
	ended    bool
	ignored  bool     // Discard was here: its end is no news
	pending  *Request // calls that wait for an answer: a doubly linked list
	watchers []func(reason error)

	brood      *brood // the dynamic supervisor it belongs to, or nil
	joined     bool   // it is in that one's list; guarded by brood.mu
	prev, next *cell  // its neighbours there, likewise
	children   *brood // set when it is a dynamic supervisor itself
}

// enter is called by Ergo's init callback, once.
func (c *cell) enter(p gen.Process) error {
	if err := c.sys.enter(); err != nil {
		return err
	}
	c.pid, c.name = p.PID(), string(p.Name())
	c.entered = true
	return nil
}

// awaitLink lets an actor that ends as soon as it runs wait until its
// supervisor would hear of it; else nobody would start it again.
func (c *cell) awaitLink() {
	if c.linked == nil {
		return
	}
	select {
	case <-c.linked:
	default:
		limit := time.NewTimer(linkWait)
		defer limit.Stop()
		select {
		case <-c.linked:
		case <-limit.C:
		}
	}
}

// publish makes the name known to Whereis, once Ergo has the process running.
// Before that Ergo loses a Kill.
func (c *cell) publish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.name != "" && !c.freed {
		c.sys.named.Store(c.name, c)
	}
}

// free gives the registered name back, once. Ergo would do so only after it
// has told the supervisor, whose restart could then find the name taken.
func (c *cell) free() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.name == "" || c.freed {
		return
	}
	c.freed = true
	c.sys.named.CompareAndDelete(c.name, c)
	_, _ = c.sys.node.UnregisterName(gen.Atom(c.name))
}

// end is called by Ergo's terminate callback, when the process is gone.
func (c *cell) end(reason error) {
	if !c.entered {
		return
	}
	c.mu.Lock()
	c.freed, c.ended = true, true
	c.sys.named.CompareAndDelete(c.name, c)
	pending, watchers := c.pending, c.watchers
	c.pending, c.watchers = nil, nil
	c.mu.Unlock()

	if c.children != nil {
		c.children.abandon()
	}
	if c.brood != nil {
		c.brood.remove(c)
	}
	for r := pending; r != nil; r = r.next { // cut off: nobody changes the list now
		r.finish(nil, reason)
	}
	if len(watchers) > 0 {
		c.sys.tellWatchers(watchers, reason)
	}
	c.sys.leave()
}

// ignore forgets who watches, and has the end not be logged.
func (c *cell) ignore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ignored, c.watchers = true, nil
}

func (c *cell) isIgnored() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ignored
}

func (c *cell) hasEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// expect notes that a call waits for this actor. ErrNoActor when it ended.
func (c *cell) expect(r *Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return ErrNoActor
	}
	if r.next = c.pending; r.next != nil {
		r.next.prev = r
	}
	c.pending = r
	return nil
}

// forget undoes expect. It does nothing once the actor ended.
func (c *cell) forget(r *Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || (c.pending != r && r.prev == nil) {
		return
	}
	if r.next != nil {
		r.next.prev = r.prev
	}
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		c.pending = r.next
	}
	r.prev, r.next = nil, nil
}
