package httpapi

import (
	"sync"
	"sync/atomic"
)

// chunkSize is the usual size of a chunk, in bytes.
const chunkSize = 16 << 10

// stream is what a topic sent, as frames one behind the other: once in memory,
// however many listen. Each listener reads it at its own place; what all have
// read is garbage.
type stream struct {
	end atomic.Int64 // bytes so far

	mu   sync.Mutex // held while the stream grows
	last *chunk
}

// chunk is a piece of a stream. Its bytes are written once, before used says so.
type chunk struct {
	start int64 // place of its first byte in the stream
	data  []byte
	used  atomic.Int64
	next  atomic.Pointer[chunk] // set when no more bytes come here
}

// append adds a frame. Frames are never split between chunks, so that whoever
// writes a chunk's bytes writes whole frames.
func (s *stream) append(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.tail()
	used := int(c.used.Load())
	if used+len(frame) > len(c.data) {
		next := &chunk{start: s.end.Load(), data: make([]byte, max(chunkSize, len(frame)))}
		c.next.Store(next)
		s.last, c, used = next, next, 0
	}
	copy(c.data[used:], frame)
	c.used.Store(int64(used + len(frame)))
	s.end.Add(int64(len(frame)))
}

// tail is the last chunk. Call with mu held.
func (s *stream) tail() *chunk {
	if s.last == nil {
		s.last = &chunk{data: make([]byte, chunkSize)}
	}
	return s.last
}

// here makes a reader of what comes from now on.
func (s *stream) here(out *outbox) *feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.tail()
	return &feed{stream: s, out: out, at: c, off: int(c.used.Load())}
}

// feed is a listener's place in a stream.
type feed struct {
	stream *stream
	out    *outbox

	mu  sync.Mutex
	at  *chunk // nil: it was dropped
	off int    // bytes of at that were taken
}

// take gives whole frames that come next, nil when there are none now. They
// are shared and must not be changed.
func (f *feed) take() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.at != nil {
		next := f.at.next.Load() // read first: a chunk that has a next one is complete
		if used := int(f.at.used.Load()); f.off < used {
			b := f.at.data[f.off:used]
			f.off = used
			return b
		}
		if next == nil {
			return nil
		}
		f.at, f.off = next, 0
	}
	return nil
}

// behind is how many bytes wait to be taken.
func (f *feed) behind() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return 0
	}
	return f.stream.end.Load() - f.at.start - int64(f.off)
}

// drop lets the stream go: nothing more is taken.
func (f *feed) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = nil
}
