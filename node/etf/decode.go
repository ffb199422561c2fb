package etf

import (
	"encoding/binary"
	"errors"
)

// Decode decodes the term that b begins with, version byte 131 first, with
// the default limits, and returns the bytes after it. Binaries are copies.
// Errors are *DecodeError.
func Decode(b []byte) (t Term, rest []byte, err error) {
	d := Decoder{opts: DecoderOptions{Limits: Limits{}.withDefaults()}}
	return d.Decode(b)
}

// AtomTable is the atom list of one distribution message: what the positions
// in ATOM_CACHE_REF refer to. Every element is an Atom; they are Terms so that
// a reference costs no allocation.
type AtomTable []Term

// Decoder decodes terms and remembers some 256 recent atoms, so that those
// cost no allocation. It keeps no other atom: a peer that sends ever new atoms
// makes nothing grow. A Decoder is for one goroutine at a time.
type Decoder struct {
	opts  DecoderOptions
	atoms *atomCache
}

// NewDecoder makes a Decoder.
func NewDecoder(opts DecoderOptions) *Decoder {
	opts.Limits = opts.Limits.withDefaults()
	return &Decoder{opts: opts, atoms: new(atomCache)}
}

// Decode decodes the term that b begins with, version byte 131 first, and
// returns the bytes after it. Errors are *DecodeError.
func (d *Decoder) Decode(b []byte) (t Term, rest []byte, err error) {
	r := d.reader(b, nil)
	v, ok := r.byte()
	if !ok {
		return nil, b, r.fail(ErrTruncated)
	}
	if v != version {
		return nil, b, r.fail(ErrMalformed)
	}
	return r.top(b)
}

// DecodeBody decodes the term that b begins with, without version byte, as in
// distribution messages after their header, and returns the bytes after it.
// atoms is the message's atom list, nil if it has none. Errors are
// *DecodeError.
func (d *Decoder) DecodeBody(b []byte, atoms AtomTable) (t Term, rest []byte, err error) {
	r := d.reader(b, atoms)
	return r.top(b)
}

// reader starts to read b.
func (d *Decoder) reader(b []byte, atoms AtomTable) reader {
	r := reader{
		b:        b,
		table:    atoms,
		cache:    d.atoms,
		depth:    d.opts.Limits.Depth,
		elements: d.opts.Limits.Elements,
		inflated: d.opts.Limits.Inflated,
		noCopy:   d.opts.NoCopy,
		safe:     d.opts.Safe,
	}
	if limit := d.opts.Limits.Bytes; len(b) > limit {
		r.b, r.clamped = b[:limit], true
	}
	return r
}

// reader is the state of decoding one term.
type reader struct {
	b        []byte
	off      int
	owed     int // elements that open containers still wait for, a byte each at least
	depth    int // levels left
	elements int // elements left
	inflated int // bytes that a compressed term may have
	tag      byte
	clamped  bool // b was cut at the limit
	noCopy   bool
	safe     bool
	table    AtomTable
	cache    *atomCache
}

// top reads a whole term.
func (r *reader) top(b []byte) (Term, []byte, error) {
	var t Term
	var err error
	if r.off < len(r.b) && r.b[r.off] == tagCompressed {
		t, err = r.compressed()
	} else {
		t, err = r.term()
	}
	if err != nil {
		return nil, b, err
	}
	return t, b[r.off:], nil
}

// fail makes the error for this place.
func (r *reader) fail(err error) error {
	if r.clamped && errors.Is(err, ErrTruncated) {
		err = ErrTooLarge
	}
	return &DecodeError{Offset: r.off, Tag: r.tag, Err: err}
}

// left is the number of unread bytes.
func (r *reader) left() int { return len(r.b) - r.off }

func (r *reader) byte() (byte, bool) {
	if r.off >= len(r.b) {
		return 0, false
	}
	c := r.b[r.off]
	r.off++
	return c, true
}

// take gives the next n bytes without copying them.
func (r *reader) take(n uint64) ([]byte, bool) {
	if n > uint64(r.left()) {
		return nil, false
	}
	end := r.off + int(n)
	p := r.b[r.off:end:end]
	r.off = end
	return p, true
}

func (r *reader) uint16() (uint16, bool) {
	p, ok := r.take(2)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint16(p), true
}

func (r *reader) uint32() (uint32, bool) {
	p, ok := r.take(4)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint32(p), true
}

func (r *reader) uint64() (uint64, bool) {
	p, ok := r.take(8)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint64(p), true
}

// claim registers n elements that must follow, and tail more terms that are
// not counted as elements. It fails when they cannot be there: then nothing
// has been allocated for them.
func (r *reader) claim(n uint64, tail int) error {
	if n > uint64(r.left()) || r.owed+int(n)+tail > r.left() {
		return r.fail(ErrTruncated)
	}
	if int(n) > r.elements {
		return r.fail(ErrTooLarge)
	}
	r.elements -= int(n)
	r.owed += int(n) + tail
	return nil
}

// open enters a container of n elements; close leaves it.
func (r *reader) open(n uint64) error {
	if err := r.claim(n, 0); err != nil {
		return err
	}
	if r.depth == 0 {
		return r.fail(ErrTooDeep)
	}
	r.depth--
	return nil
}

// close leaves a container.
func (r *reader) close() { r.depth++ }

// element reads one element of the innermost container.
func (r *reader) element() (Term, error) {
	r.owed--
	return r.term()
}
