package global

import "sync"

// inboxLimit is the number of waiting inputs from which on links that bring more
// pause.
const inboxLimit = 1 << 14

// inbox queues what the core is to be told.
type inbox struct {
	mu     sync.Mutex
	room   sync.Cond
	queue  []func()
	closed bool
	wake   chan struct{} // one token: there is something in the queue
}

func newInbox() *inbox {
	b := &inbox{wake: make(chan struct{}, 1)}
	b.room.L = &b.mu
	return b
}

// push queues an input; it never blocks. It says no when the inbox is closed.
func (b *inbox) push(do func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.put(do)
}

// pushWait is push for what links bring: it waits while too much is queued.
func (b *inbox) pushWait(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) >= inboxLimit && !b.closed {
		b.room.Wait()
	}
	b.put(do)
}

func (b *inbox) put(do func()) bool {
	if b.closed {
		return false
	}
	b.queue = append(b.queue, do)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return true
}

// take empties the queue.
func (b *inbox) take() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	queue := b.queue
	b.queue = nil
	b.room.Broadcast()
	return queue
}

func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.queue = nil
	b.room.Broadcast()
}
