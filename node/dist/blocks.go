package dist

import (
	"runtime"
	"sync"
)

// Sizes of recycled memory.
const (
	blockSize  = 72 << 10
	minBlock   = maxInPlace       // frames above this, up to maxInBlock, get a block
	maxInBlock = blockSize - 4096 // leaves room for what follows the frame
	maxIdle    = 256              // blocks kept for use again: 18 MiB
)

// block is memory for one message of middle size.
type block [blockSize]byte

// blocks is such memory of one busy link. A stream of large binaries would make
// the garbage collector run for each 4 MB of them, which costs more than reading
// them. A block that nobody refers to any more comes back instead, as its
// finalizer tells: then it is free whatever its user did with it. It need not be
// cleared, and blocks that wait here count as live for the collector, which so
// runs less often. A consumer that says when it is done with a block saves all of
// that: the next message is read into the same memory, which is in the caches.
type blocks struct {
	mu   sync.Mutex
	idle []*block
	shut bool // take nothing back
}

// take gives memory with any content.
func (s *blocks) take() *block {
	b := s.used()
	if b == nil {
		b = new(block)
	}
	runtime.SetFinalizer(b, s.put)
	return b
}

// done takes back a block that is not used any more, though it may still be
// referred to.
func (s *blocks) done(b *block) {
	runtime.SetFinalizer(b, nil)
	s.put(b)
}

// used takes an idle block, nil if there is none.
func (s *blocks) used() *block {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = false
	n := len(s.idle)
	if n == 0 {
		return nil
	}
	b := s.idle[n-1]
	s.idle[n-1] = nil
	s.idle = s.idle[:n-1]
	return b
}

// put takes back a block that nobody uses.
func (s *blocks) put(b *block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.shut && len(s.idle) < maxIdle {
		s.idle = append(s.idle, b)
	}
}

// quiet gives all memory back until blocks are needed again.
func (s *blocks) quiet() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle, s.shut = nil, true
}
