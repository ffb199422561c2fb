package httpapi

import "sync"

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

// outbox is what waits to be written to one client, in order. Its frames may
// be shared with other outboxes and are never changed.
type outbox struct {
	wake chan struct{} // has a value when there is something to do

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	end    *closing // after the frames
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
		o.frames, o.bytes = nil, 0
		o.end = &closing{closeTryLater, "slow consumer"}
	default:
		o.frames = append(o.frames, f)
		o.bytes += len(f)
	}
	o.mu.Unlock()
	o.signal()
}

// close ends the socket after the frames that wait. Only the first call counts.
func (o *outbox) close(code int, reason string) {
	o.mu.Lock()
	if o.end == nil {
		o.end = &closing{code, closeReason(reason)}
	}
	o.mu.Unlock()
	o.signal()
}

// take empties it; spare is reused for the next frames.
func (o *outbox) take(spare [][]byte) (frames [][]byte, end *closing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.frames, o.bytes = o.frames, spare[:0], 0
	return frames, o.end
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake already
	}
}
