package httpapi

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pace of a topic's rounds. With 2,000 listeners a round takes some 60 ms, so
// that what a busy cluster tells costs a bounded number of writes a second,
// and never thousands of goroutines that want to run at once.
const (
	// roundPause is the least time between two rounds: bursts become few
	// large writes.
	roundPause = 2 * time.Millisecond
	// batch is how many listeners are woken at once, batchPause how long the
	// next ones wait.
	batch      = 64
	batchPause = 2 * time.Millisecond
)

// maxBehind is how many bytes of a topic may wait for one listener. All
// listeners share them; one that is further behind is cut off.
const maxBehind = 32 << 20

// hub is who gets what of the server sockets.
type hub struct {
	notifications topic
	reports       topic
}

func newHub() hub {
	return hub{topic{wake: make(chan struct{}, 1), limit: maxBehind}, topic{wake: make(chan struct{}, 1), limit: maxBehind}}
}

// topic is a stream and who listens to it. What sending costs does not depend
// on how many listen: pace has them look for what is new.
type topic struct {
	stream stream
	wake   chan struct{} // has a value when the stream has grown
	limit  int64         // maxBehind, but in tests
	paced  sync.Once     // starts pace

	mu   sync.Mutex // held while the list is replaced
	list atomic.Pointer[[]*feed]
}

func (t *topic) all() []*feed {
	if list := t.list.Load(); list != nil {
		return *list
	}
	return nil
}

func (t *topic) empty() bool { return len(t.all()) == 0 }

// send gives a frame to all who listen now.
func (t *topic) send(f []byte) {
	t.stream.append(f)
	select {
	case t.wake <- struct{}{}:
	default: // a round will come already
	}
}

// pace wakes the listeners, in rounds, while there is something new.
func (t *topic) pace(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.wake:
		}
		for i, f := range t.all() {
			if i > 0 && i%batch == 0 {
				pauseFor(ctx, batchPause)
			}
			if f.behind() > t.limit {
				f.drop()
				f.out.cut()
			}
			f.out.signal()
		}
		pauseFor(ctx, roundPause)
	}
}

// add subscribes; doing so again changes nothing.
func (t *topic) add(o *outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.all()
	if slices.ContainsFunc(list, func(f *feed) bool { return f.out == o }) {
		return
	}
	f := t.stream.here(o)
	o.follow(f)
	list = append(slices.Clone(list), f)
	t.list.Store(&list)
}

func (t *topic) remove(o *outbox) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(t.all()), func(f *feed) bool { return f.out == o })
	t.list.Store(&list)
}
