package bwe

import "sync/atomic"

// ledgerSize is how many sent packets are remembered: more than two seconds at
// 1,500 packets per second, four times the longest usual feedback interval.
const ledgerSize = 4096

const (
	entryValid = 1 << 63
	entryLost  = 1 << 62 // a feedback called it lost
)

// ledger remembers when packets were sent. Several goroutines may note packets
// while one looks them up.
type ledger struct {
	entries [ledgerSize]entry
	bytes   atomic.Int64 // sent in all
}

type entry struct {
	word atomic.Uint64 // flags, sequence number << 32, size
	at   atomic.Int64
}

func (l *ledger) sent(seq uint16, size int, now int64) {
	e := &l.entries[seq%ledgerSize]
	e.word.Store(0) // nobody reads half an entry
	e.at.Store(now)
	e.word.Store(entryValid | uint64(seq)<<32 | uint64(uint32(size)))
	l.bytes.Add(int64(size))
}

// found is what is known of a packet that a feedback names.
type found struct {
	at   int64
	size int
	lost bool // it was called lost before
}

// arrived takes a packet out of the ledger.
func (l *ledger) arrived(seq uint16) (found, bool) {
	e := &l.entries[seq%ledgerSize]
	w := e.word.Load()
	if w&entryValid == 0 || uint16(w>>32) != seq {
		return found{}, false
	}
	f := found{at: e.at.Load(), size: int(uint32(w)), lost: w&entryLost != 0}
	return f, e.word.CompareAndSwap(w, 0)
}

// missing marks a packet as lost. It reports false if it was before, or is not
// known.
func (l *ledger) missing(seq uint16) bool {
	e := &l.entries[seq%ledgerSize]
	w := e.word.Load()
	if w&entryValid == 0 || uint16(w>>32) != seq || w&entryLost != 0 {
		return false
	}
	return e.word.CompareAndSwap(w, w|entryLost)
}
