package rtp

import (
	"sync"
	"time"
)

// maxAge is how long a packet is kept at most, in nanoseconds: nobody asks for
// it later.
const maxAge = int64(2 * time.Second)

// History keeps the newest packets of one published stream for all its
// subscribers' retransmissions and for key frames. It is safe for concurrent
// use.
type History struct {
	mu    sync.Mutex
	slots []*Packet // by extended sequence number modulo length
	last  uint64    // highest extended number, 0: none
	tail  uint64    // nothing is kept below
	key   uint64    // extended number at which the newest key frame begins, 0: none
}

// NewHistory makes a history of size packets (a power of two).
func NewHistory(size int) *History { return &History{slots: make([]*Packet, size)} }

// Add keeps a packet, taking a reference. It reports false for one that is
// kept already or too old to be.
func (h *History) Add(p *Packet) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last >= p.Extended+uint64(len(h.slots)) {
		return false
	}
	at := p.Extended & uint64(len(h.slots)-1)
	old := h.slots[at]
	if old != nil && old.Extended == p.Extended {
		return false
	}
	p.Retain()
	h.slots[at] = p
	h.last = max(h.last, p.Extended)
	if p.Frame.KeyFrame && p.Frame.Start {
		h.key = max(h.key, p.Extended)
	}
	if old != nil {
		old.Release()
	}
	h.expire(p.Arrival - maxAge)
	return true
}

// expire gives back what came before a time: of slow streams, little would be
// kept for long.
func (h *History) expire(before int64) {
	h.tail = max(h.tail, h.last+1-min(h.last+1, uint64(len(h.slots))))
	for ; h.tail < h.last; h.tail++ {
		at := h.tail & uint64(len(h.slots)-1)
		p := h.slots[at]
		if p == nil || p.Extended != h.tail {
			continue
		}
		if p.Arrival >= before {
			return
		}
		p.Release()
		h.slots[at] = nil
	}
}

// Get finds a packet and adds a reference for the caller; nil when it is not
// kept.
func (h *History) Get(extended uint64) *Packet {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.slots[extended&uint64(len(h.slots)-1)]
	if p == nil || p.Extended != extended {
		return nil
	}
	p.Retain()
	return p
}

// Newest is the highest extended number that was added, 0: none yet.
func (h *History) Newest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// Key says where the newest key frame begins and when that packet arrived. It
// reports false when the frame is not kept any more.
func (h *History) Key() (extended uint64, arrival int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.key == 0 {
		return 0, 0, false
	}
	p := h.slots[h.key&uint64(len(h.slots)-1)]
	if p == nil || p.Extended != h.key {
		return 0, 0, false
	}
	return h.key, p.Arrival, true
}

// Clear gives all packets back.
func (h *History) Clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, p := range h.slots {
		if p != nil {
			p.Release()
			h.slots[i] = nil
		}
	}
}
