package dist

import (
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// maxSequences bounds the messages of which some fragments are still to come.
const maxSequences = 8192

// aheadFactor is how many times what has arrived a buffer may be.
const aheadFactor = 4

// assembly puts fragmented messages together. Bytes are kept as they arrive:
// what a peer announces costs nothing.
type assembly struct {
	maxMessage int // bytes of one message; all together may have twice that
	open       map[uint64]*sequence
	bytes      int // room taken by all open sequences
}

// sequence is one message of which fragments are to come.
type sequence struct {
	id     uint64
	left   uint64 // fragments still to come
	atoms  etf.AtomTable
	data   []byte
	block  *block // what data began in; nil: no recycled memory
	tooBig bool   // over maxMessage: its fragments are only counted off
}

// begin starts the sequence of a first fragment, which is not the last one.
// It keeps data, but not atoms.
func (a *assembly) begin(f frame, atoms etf.AtomTable, data []byte) error {
	switch {
	case f.fragment < 2:
		return fmt.Errorf("%w: first fragment has number %d", ErrFrame, f.fragment)
	case a.open[f.seq] != nil:
		return fmt.Errorf("%w: sequence %d begins twice", ErrFrame, f.seq)
	case len(a.open) >= maxSequences:
		return fmt.Errorf("%w: %d messages have open fragments", ErrLimit, len(a.open))
	}
	if a.open == nil {
		a.open = make(map[uint64]*sequence)
	}
	a.open[f.seq] = &sequence{id: f.seq, left: f.fragment - 1, atoms: slices.Clone(atoms), data: data}
	return a.count(cap(data))
}

func (a *assembly) count(n int) error {
	if a.bytes += n; a.bytes > 2*a.maxMessage {
		return fmt.Errorf("%w: %d bytes in open fragments", ErrLimit, a.bytes)
	}
	return nil
}

// extend takes fragment f of n bytes into its sequence and returns room for
// them, none (nil) when they are not wanted.
func (a *assembly) extend(f frame, n int) (s *sequence, room []byte, err error) {
	s = a.open[f.seq]
	if s == nil {
		return nil, nil, fmt.Errorf("%w: fragment of unknown sequence %d", ErrFrame, f.seq)
	}
	if f.fragment != s.left {
		return nil, nil, fmt.Errorf("%w: fragment %d of sequence %d instead of %d", ErrFrame, f.fragment, f.seq, s.left)
	}
	s.left--
	if !s.tooBig && len(s.data)+n > a.maxMessage {
		a.bytes -= cap(s.data)
		s.tooBig, s.data = true, nil
	}
	if s.tooBig {
		return s, nil, nil
	}
	old := len(s.data)
	if err := a.count(s.reserve(n)); err != nil {
		return nil, nil, err
	}
	s.data = s.data[:old+n]
	return s, s.data[old:], nil
}

// reserve makes room for n more bytes, and for all that is to come if that
// is little. It tells by how much the room grew.
func (s *sequence) reserve(n int) int {
	need, old := len(s.data)+n, cap(s.data)
	if need <= old {
		return 0
	}
	size := aheadFactor * need
	if s.left < 1<<20 {
		size = min(size, need+int(s.left)*n)
	}
	s.data = append(make([]byte, 0, size), s.data...)
	return size - old
}

// done takes the sequence out.
func (a *assembly) done(s *sequence) {
	delete(a.open, s.id)
	a.bytes -= cap(s.data)
}
