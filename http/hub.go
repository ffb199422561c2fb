package httpapi

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// hub is who gets what of the server sockets.
type hub struct {
	notifications topic
	reports       topic
}

// pause is how long a listener's socket rests between two writes.
func (h *hub) pause() time.Duration {
	return pause + time.Duration(len(h.notifications.all()))*pausePerListener
}

// topic is a list of outboxes. Sending reads it without a lock.
type topic struct {
	mu   sync.Mutex // held while the list is replaced
	list atomic.Pointer[[]*outbox]
}

func (t *topic) all() []*outbox {
	if list := t.list.Load(); list != nil {
		return *list
	}
	return nil
}

func (t *topic) empty() bool { return len(t.all()) == 0 }

func (t *topic) send(f []byte) {
	for _, o := range t.all() {
		o.push(f)
	}
}

// add subscribes; doing so again changes nothing.
func (t *topic) add(o *outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if list := t.all(); !slices.Contains(list, o) {
		list = append(slices.Clone(list), o)
		t.list.Store(&list)
	}
}

func (t *topic) remove(o *outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if list := t.all(); slices.Contains(list, o) {
		list = slices.DeleteFunc(slices.Clone(list), func(other *outbox) bool { return other == o })
		t.list.Store(&list)
	}
}
