package actor

import (
	"sync"
	"time"
)

// childrenWait is how long a dynamic supervisor waits for its children to
// end before it kills them.
const childrenWait = 5 * time.Second

// dynamic is the actor of a simple-one-for-one supervisor with Temporary
// children: its end is theirs.
type dynamic struct{ brood *brood }

func (s *System) newDynamic(spec Spec) *process {
	b := &brood{sys: s, template: spec.Children[0].Start, empty: make(chan struct{})}
	p := s.newProcess(func() Behaviour { return dynamic{b} })
	p.children = b
	return p
}

func (d dynamic) Init(*Self) error { return nil }

func (d dynamic) Handle(_ *Self, msg any) error {
	if r, ok := msg.(*Request); ok {
		r.Reply(nil, errSupervisor)
	}
	return nil
}

func (d dynamic) Terminate(*Self, error) {
	d.brood.abandon()
	t := time.NewTimer(childrenWait)
	defer t.Stop()
	select {
	case <-d.brood.empty:
	case <-t.C:
		for _, pid := range d.brood.list() {
			_ = d.brood.sys.Kill(pid)
		}
	}
}

// brood is the set of children of a dynamic supervisor. It is a linked list
// through the cells: joining and leaving cost the same at any size.
type brood struct {
	sys      *System
	template func(arg any) Behaviour

	mu     sync.Mutex
	closed bool
	first  *cell
	count  int
	empty  chan struct{} // closed when closed and count is 0
}

// add reports false once the supervisor has ended.
func (b *brood) add(c *cell) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	c.joined = true
	if c.next = b.first; c.next != nil {
		c.next.prev = c
	}
	b.first = c
	b.count++
	if c.hasEnded() { // before it was in the list: nobody else removes it
		b.unlink(c)
	}
	return true
}

func (b *brood) remove(c *cell) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.joined {
		b.unlink(c)
	}
}

func (b *brood) unlink(c *cell) {
	if c.next != nil {
		c.next.prev = c.prev
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		b.first = c.next
	}
	c.joined, c.prev, c.next = false, nil, nil
	if b.count--; b.count == 0 && b.closed {
		close(b.empty)
	}
}

// abandon refuses new children and tells the present ones to end.
func (b *brood) abandon() {
	b.mu.Lock()
	again := b.closed
	if b.closed = true; !again && b.count == 0 {
		close(b.empty)
	}
	b.mu.Unlock()
	if again {
		return
	}
	for _, pid := range b.list() {
		_ = b.sys.Exit(pid, ErrShutdown)
	}
}

func (b *brood) list() []PID {
	b.mu.Lock()
	defer b.mu.Unlock()
	pids := make([]PID, 0, b.count)
	for c := b.first; c != nil; c = c.next {
		pids = append(pids, PID{c})
	}
	return pids
}

func (b *brood) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}
