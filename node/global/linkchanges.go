package global

import (
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// linkChanges counts the ups and downs of links as they happen, so that the core,
// which hears of them a little later, can tell whether it is up to date. The zero
// value is ready.
type linkChanges struct {
	mu     sync.Mutex
	counts map[etf.Atom]uint64
}

// next counts a change.
func (l *linkChanges) next(n etf.Atom) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[etf.Atom]uint64{}
	}
	l.counts[n]++
	return l.counts[n]
}

// last is the number of the last change; 0 before the first.
func (l *linkChanges) last(n etf.Atom) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[n]
}
