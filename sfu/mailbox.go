package sfu

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/fjord-media/fjord/internal/run"
)

// mailboxLimit bounds what waits to be done for one peer: more comes only from
// a client that floods its socket.
const mailboxLimit = 1 << 14

// mailbox runs functions one after the other, in the order they came. It has
// a goroutine only while there is something to do.
type mailbox struct {
	tasks  *run.Group
	name   string
	failed func(error) // told of panics and of a full mailbox

	mu      sync.Mutex
	running bool
	full    bool
	queue   []func()
}

// post adds a function. It never blocks.
func (m *mailbox) post(fn func()) {
	m.mu.Lock()
	if m.full {
		m.mu.Unlock()
		return
	}
	if len(m.queue) >= mailboxLimit {
		m.full = true
		m.queue = []func(){func() { m.failed(fmt.Errorf("%s: %d events wait", m.name, mailboxLimit)) }}
	} else {
		m.queue = append(m.queue, fn)
	}
	start := !m.running
	m.running = m.running || start
	m.mu.Unlock()
	if start && !m.tasks.Go(m.name, m.run) {
		m.mu.Lock()
		m.running = false
		m.mu.Unlock()
	}
}

func (m *mailbox) run(context.Context) error {
	for {
		m.mu.Lock()
		if len(m.queue) == 0 {
			m.running = false
			m.queue = nil
			m.mu.Unlock()
			return nil
		}
		fn := m.queue[0]
		m.queue = m.queue[1:]
		m.mu.Unlock()
		m.call(fn)
	}
}

// call keeps a panic to the peer that caused it.
func (m *mailbox) call(fn func()) {
	defer func() {
		if v := recover(); v != nil {
			m.failed(&run.PanicError{Name: m.name, Value: v, Stack: debug.Stack()})
		}
	}()
	fn()
}
