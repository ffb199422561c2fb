package httpapi

import (
	"slices"
	"sync"
)

// Bounds of an outbox: a client that does not read loses its socket, not our
// memory.
const (
	maxQueuedFrames = 16384
	maxQueuedBytes  = 4 << 20
)

// closing is how a socket ends.
type closing struct {
	code   int
	reason string
}

// outbox is what waits to be written to one client: frames of its own, in
// order, and then what the streams that it follows have for it.
type outbox struct {
	wake chan struct{} // has a value when there is something to do

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	feeds  []*feed
	end    *closing // after all that
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// push adds a frame. The one too many cuts the client off, with all that
// waits.
func (o *outbox) push(f []byte) {
	o.mu.Lock()
	switch {
	case o.end != nil:
		o.mu.Unlock()
		return
	case len(o.frames) >= maxQueuedFrames || o.bytes+len(f) > maxQueuedBytes:
		o.mu.Unlock()
		o.cut()
		return
	}
	o.frames = append(o.frames, f)
	o.bytes += len(f)
	o.mu.Unlock()
	o.signal()
}

// cut ends the socket of a client that does not keep up.
func (o *outbox) cut() {
	o.mu.Lock()
	o.frames, o.bytes = nil, 0
	o.mu.Unlock()
	o.close(closeTryLater, "slow consumer")
}

// follow has a stream's frames written, too.
func (o *outbox) follow(f *feed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.feeds = append(slices.Clone(o.feeds), f)
}

// close ends the socket after all that waits. Only the first call counts.
func (o *outbox) close(code int, reason string) {
	o.mu.Lock()
	if o.end == nil {
		o.end = &closing{code, closeReason(reason)}
	}
	o.mu.Unlock()
	o.signal()
}

// take empties it, but for the streams; spare is reused for the next frames.
func (o *outbox) take(spare [][]byte) (frames [][]byte, feeds []*feed, end *closing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.frames, o.bytes = o.frames, spare[:0], 0
	return frames, o.feeds, o.end
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake already
	}
}
