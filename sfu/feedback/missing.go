package feedback

import (
	"slices"
	"time"
)

// Rules of asking again.
const (
	missingLimit = 256                         // packets; more are hopeless
	firstDelay   = int64(5 * time.Millisecond) // for those that are only late
	repeatDelay  = int64(40 * time.Millisecond)
	giveUpAfter  = int64(time.Second)
)

// Missing knows which packets of a stream have not come. The zero value is
// ready.
type Missing struct {
	// Found and Lost count packets that were missing and those of them that were
	// given up.
	Found, Lost int64

	list  []hole // ascending
	begun bool
	next  uint64
}

type hole struct {
	extended uint64
	since    int64
	asked    int64 // 0: not yet
}

// Arrived notes a packet by its extended sequence number. It reports true
// when so much is missing that only a key frame helps.
func (m *Missing) Arrived(extended uint64, now int64) (hopeless bool) {
	if !m.begun {
		m.begun, m.next = true, extended+1
		return false
	}
	if extended < m.next {
		if at, found := m.find(extended); found {
			m.list = slices.Delete(m.list, at, at+1)
		}
		return false
	}
	gap := extended - m.next
	if gap+uint64(len(m.list)) > missingLimit {
		m.Found += int64(gap)
		m.Lost += int64(gap) + int64(len(m.list))
		m.list, m.next = m.list[:0], extended+1
		return true
	}
	m.Found += int64(gap)
	for n := m.next; n < extended; n++ {
		m.list = append(m.list, hole{extended: n, since: now})
	}
	m.next = extended + 1
	return false
}

func (m *Missing) find(extended uint64) (int, bool) {
	return slices.BinarySearchFunc(m.list, extended, func(h hole, n uint64) int {
		switch {
		case h.extended < n:
			return -1
		case h.extended > n:
			return 1
		}
		return 0
	})
}

// Any reports whether something is missing.
func (m *Missing) Any() bool { return len(m.list) > 0 }

// Due appends the sequence numbers to ask for now. lost says that some were
// given up: the picture is damaged until the next key frame.
func (m *Missing) Due(into []uint16, now int64) (due []uint16, lost bool) {
	kept := m.list[:0]
	for _, h := range m.list {
		if now-h.since > giveUpAfter {
			lost = true
			m.Lost++
			continue
		}
		if now-h.since >= firstDelay && (h.asked == 0 || now-h.asked >= repeatDelay) {
			h.asked = now
			into = append(into, uint16(h.extended))
		}
		kept = append(kept, h)
	}
	m.list = kept
	return into, lost
}
