package dist

import (
	"encoding/binary"

	"github.com/fjord-media/fjord/node/etf"
)

// order says behind what a message has to stay.
type order uint8

const (
	free     order = iota // nothing
	bySender              // a large message of the same sender
	afterAll              // all large messages
)

// message is an outgoing control message with its payload, encoded but for
// its header: that is made by the writer, whose atom cache changes with it.
type message struct {
	pass  bool  // pass-through: no header, a version byte before each term
	order order // see queue
	key   etf.Pid

	body       []byte     // but for what is apart
	apart      []apart    // in order
	apartLen   int        // bytes
	controlLen int        // bytes of the control message
	atoms      []etf.Atom // by position, as tag 82 in body names them
	positions  map[etf.Atom]uint8
	encoder    etf.Encoder

	// Of large messages, once the writer has begun them:
	sent     int    // bytes of body
	seq      uint64 // sequence id
	left     uint64 // fragments to come
	blockers int    // of afterAll: lanes it waits in
}

// apart is bytes of a message that are written from where they are.
type apart struct {
	at    int // in front of body[at:]
	bytes []byte
}

// Sizes of what is kept of a message for the next one.
const (
	keepBody  = 128 << 10
	keepAtoms = 32
	keepParts = 32
	scanAtoms = 12 // more are looked up in a map
)

// kept is the bytes that keeping m keeps.
func (m *message) kept() int { return cap(m.body) + overhead }

// overhead is what a queued message takes beyond its body, about.
const overhead = 128

// size is what m counts in the queue.
func (m *message) size() int { return m.length() + overhead }

// length is the bytes of the message but for its header.
func (m *message) length() int { return len(m.body) + m.apartLen }

// newMessage makes an empty message.
func newMessage(pass bool) *message {
	m := &message{pass: pass}
	if !pass {
		m.encoder.Atom = m.atomRef
	}
	m.encoder.Apart = m.keepApart
	return m
}

// reset empties m for the next signal; false when it is too large to keep.
func (m *message) reset() bool {
	if cap(m.body) > keepBody || cap(m.atoms) > keepAtoms || cap(m.apart) > keepParts {
		return false
	}
	clear(m.atoms)
	clear(m.apart)
	*m = message{pass: m.pass, encoder: m.encoder, body: m.body[:0], apart: m.apart[:0], atoms: m.atoms[:0]}
	return true
}

// from puts m behind earlier large messages of pid.
func (m *message) from(pid etf.Pid) *message {
	m.order, m.key = bySender, pid
	return m
}

// element appends an element of the control message.
func (m *message) element(t etf.Term) (err error) {
	m.body, err = m.encoder.AppendBody(m.body, t)
	return err
}

// term appends the payload.
func (m *message) term(t etf.Term) error {
	if m.pass {
		m.body = append(m.body, version)
	}
	return m.element(t)
}

// keepApart notes bytes that come behind dst, which is the body so far.
func (m *message) keepApart(dst, large []byte) {
	m.apart = append(m.apart, apart{at: len(dst), bytes: large})
	m.apartLen += len(large)
}

// atomRef lists an atom and refers to it by its position, while there is room
// in the list.
func (m *message) atomRef(dst []byte, a etf.Atom) ([]byte, bool) {
	i, ok := m.position(a)
	if !ok {
		return dst, false
	}
	return etf.AppendAtomRef(dst, i), true
}

func (m *message) position(a etf.Atom) (uint8, bool) {
	if len(m.atoms) <= scanAtoms {
		for i, b := range m.atoms {
			if a == b {
				return uint8(i), true
			}
		}
	} else if i, ok := m.indexed(a); ok {
		return i, true
	}
	if len(m.atoms) == maxFrameAtoms {
		return 0, false
	}
	i := uint8(len(m.atoms))
	m.atoms = append(m.atoms, a)
	if m.positions != nil {
		m.positions[a] = i
	}
	return i, true
}

// indexed looks a up in the map, which is made here.
func (m *message) indexed(a etf.Atom) (uint8, bool) {
	if m.positions == nil {
		m.positions = make(map[etf.Atom]uint8, 2*len(m.atoms))
		for i, b := range m.atoms {
			m.positions[b] = uint8(i)
		}
	}
	i, ok := m.positions[a]
	return i, ok
}

// appendWhole appends the head of m as one frame, up to its body.
func (m *message) appendWhole(b []byte, cache *atomCacheOut) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	if !m.pass {
		b = cache.appendRefs(append(b, version, typeHeader), m.atoms)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4+m.length()))
	return b
}

// begin readies m to be sent in fragments of the sequence seq. The control
// message has to be in the first one.
func (m *message) begin(seq uint64) {
	m.seq = seq
	first := max(fragmentSize, m.controlLen)
	m.left = 1 + uint64((max(m.length()-first, 0)+fragmentSize-1)/fragmentSize)
}

// appendFragment appends the head of the next fragment and tells which bytes of
// the message it has.
func (m *message) appendFragment(b []byte, cache *atomCacheOut) (head []byte, from, to int) {
	start := len(b)
	size := fragmentSize
	first := m.sent == 0
	if first {
		size = max(size, m.controlLen)
	}
	from, to = m.sent, min(m.sent+size, m.length())
	b = append(b, 0, 0, 0, 0, version, typeNext)
	if first {
		b[start+5] = typeFirst
	}
	b = binary.BigEndian.AppendUint64(b, m.seq)
	b = binary.BigEndian.AppendUint64(b, m.left)
	if first {
		b = cache.appendRefs(b, m.atoms)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4+to-from))
	m.sent = to
	m.left--
	return b, from, to
}

// parts calls add for the bytes from..to of the message, piece by piece.
func (m *message) parts(from, to int, add func(part []byte)) {
	at, done := 0, 0 // in the message, of the body
	part := func(b []byte) {
		if lo, hi := max(from, at), min(to, at+len(b)); lo < hi {
			add(b[lo-at : hi-at])
		}
		at += len(b)
	}
	for _, a := range m.apart {
		part(m.body[done:a.at])
		part(a.bytes)
		done = a.at
	}
	part(m.body[done:])
}
