package dist

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/fjord-media/fjord/node/etf"
)

// maxAtomText is the greatest length of an atom in bytes: 255 characters.
const maxAtomText = 1020

// atomCacheIn is the receiving half of the atom cache: 2048 slots in eight
// segments, which are made as they are used.
type atomCacheIn struct {
	segments [8]*[256]etf.Term // each an Atom, or nil: not set
	list     etf.AtomTable     // of the message at hand
}

// refs reads the atom references that data begins with. It returns the atoms
// that tag 82 names by position, valid until the next call, and what follows.
// Any error means that the cache is no longer the peer's.
func (c *atomCacheIn) refs(data []byte) (atoms etf.AtomTable, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, fmt.Errorf("%w: no atom count", ErrFrame)
	}
	n := int(data[0])
	if n == 0 {
		return nil, data[1:], nil
	}
	if len(data) < 1+n/2+1 {
		return nil, nil, fmt.Errorf("%w: atom flags cut short", ErrFrame)
	}
	flags, rest := data[1:1+n/2+1], data[1+n/2+1:]
	long := nibble(flags, n)&longAtoms != 0
	c.list = c.list[:0]
	for i := range n {
		var atom etf.Term
		if atom, rest, err = c.ref(nibble(flags, i), long, rest); err != nil {
			return nil, nil, err
		}
		c.list = append(c.list, atom)
	}
	return c.list, rest, nil
}

// ref reads one reference.
func (c *atomCacheIn) ref(flags byte, long bool, b []byte) (atom etf.Term, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, fmt.Errorf("%w: atom index cut short", ErrFrame)
	}
	segment, index, rest := c.segments[flags&7], b[0], b[1:]
	if flags&newEntry == 0 {
		if segment == nil || segment[index] == nil {
			return nil, nil, fmt.Errorf("%w: atom cache slot %d/%d is empty", ErrFrame, flags&7, index)
		}
		return segment[index], rest, nil
	}
	if atom, rest, err = newAtom(rest, long); err != nil {
		return nil, nil, err
	}
	if segment == nil {
		segment = new([256]etf.Term)
		c.segments[flags&7] = segment
	}
	segment[index] = atom
	return atom, rest, nil
}

// newAtom reads the text of an atom.
func newAtom(b []byte, long bool) (atom etf.Term, rest []byte, err error) {
	n, size := 0, 1
	if long {
		size = 2
	}
	if len(b) < size {
		return nil, nil, fmt.Errorf("%w: atom length cut short", ErrFrame)
	}
	if n = int(b[0]); long {
		n = int(binary.BigEndian.Uint16(b))
	}
	if b = b[size:]; n > len(b) || n > maxAtomText {
		return nil, nil, fmt.Errorf("%w: atom of %d bytes", ErrFrame, n)
	}
	if !utf8.Valid(b[:n]) {
		return nil, nil, fmt.Errorf("%w: atom is not UTF-8", ErrFrame)
	}
	return etf.Atom(b[:n]), b[n:], nil
}

// nibble is the i-th half byte, the low half first.
func nibble(b []byte, i int) byte { return b[i/2] >> (4 * (i & 1)) & 15 }
