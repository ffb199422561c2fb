package etf

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
	"unsafe"
)

// encodeDepth bounds nesting when encoding: more than Decode lets through, so
// that what arrived can be wrapped and sent on, and a Go value that contains
// itself is an error and not the end of the process.
const encodeDepth = 4 * DefaultDepth

// Encode gives t as an external term, version byte 131 first.
// See Term for the Go types it takes. Errors wrap one of the sentinels.
func Encode(t Term) ([]byte, error) { return Append(nil, t) }

// Append is Encode that appends to dst. On an error it returns dst as it was.
func Append(dst []byte, t Term) ([]byte, error) {
	out, err := AppendBody(append(dst, version), t)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendBody appends t without version byte, as terms stand in distribution
// messages after the header. On an error it returns dst as it was.
func AppendBody(dst []byte, t Term) ([]byte, error) {
	return (&Encoder{}).AppendBody(dst, t)
}

// Encoder encodes terms for one receiver.
type Encoder struct {
	// Atom, when set, is asked for each atom. It appends an encoding of its
	// own, such as ATOM_CACHE_REF (see AppendAtomRef), and returns true, or
	// returns dst and false for the usual encoding.
	Atom func(dst []byte, a Atom) (out []byte, handled bool)
	// Apart, when set, is given the bytes of binaries that nobody changes,
	// strings and Shared, if there are many: they come right behind dst and are
	// not appended to it. They must only be read.
	Apart func(dst, large []byte)
}

// apartFrom is the size in bytes from which on a copy costs more than a part
// of its own in a write.
const apartFrom = 16 << 10

// AppendBody appends t without version byte. On an error it returns dst as it
// was; Atom may have been called by then.
func (e *Encoder) AppendBody(dst []byte, t Term) ([]byte, error) {
	w := writer{atomHook: e.Atom, apart: e.Apart, depth: encodeDepth}
	out, err := w.term(dst, t)
	if err != nil {
		return dst, fmt.Errorf("encode term: %w", err)
	}
	return out, nil
}

// AppendAtomRef appends a reference to the atom at position of the message's
// atom list.
func AppendAtomRef(dst []byte, position uint8) []byte {
	return append(dst, tagAtomCacheRef, position)
}

// writer is the state of encoding one term.
type writer struct {
	atomHook func(dst []byte, a Atom) ([]byte, bool)
	apart    func(dst, large []byte)
	depth    int // levels left
}

// term appends a term: the table from Go types to writers.
func (w *writer) term(b []byte, t Term) ([]byte, error) {
	switch v := t.(type) {
	case Atom:
		return w.atom(b, v)
	case int64:
		return appendInt(b, v), nil
	case int:
		return appendInt(b, int64(v)), nil
	case []byte:
		return appendBinary(b, v)
	case string:
		return w.text(b, v)
	case Shared:
		return w.shared(b, v)
	case float64:
		return appendFloat(b, v)
	case Tuple:
		return w.tuple(b, v)
	case List:
		return w.list(b, v)
	case Map:
		return w.mapping(b, v)
	case Pid:
		return w.pid(b, v)
	case Ref:
		return w.ref(b, v)
	case *big.Int:
		return appendBig(b, v)
	case bool:
		return w.atom(b, Bool(v))
	default:
		return w.rareTerm(b, t)
	}
}

// rareTerm is the second half of the table.
func (w *writer) rareTerm(b []byte, t Term) ([]byte, error) {
	switch v := t.(type) {
	case ImproperList:
		return w.improper(b, v)
	case BitString:
		return appendBitString(b, v)
	case Port:
		return w.port(b, v)
	case Export:
		return w.export(b, v)
	case Fun:
		return w.fun(b, v)
	case Record:
		return w.record(b, v)
	case Opaque:
		return append(append(b, tagLocal), v...), nil
	case []string:
		return w.strings(b, v)
	}
	if n, ok := smallInt(t); ok {
		return appendInt(b, n), nil
	}
	switch v := t.(type) {
	case uint64:
		return appendBig(b, new(big.Int).SetUint64(v))
	case uint:
		return appendBig(b, new(big.Int).SetUint64(uint64(v)))
	}
	return nil, fmt.Errorf("%w: %T", ErrType, t)
}

// smallInt converts the Go integers that fit into 64 signed bits.
func smallInt(t Term) (int64, bool) {
	switch v := t.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case uint:
		return int64(v), uint64(v) <= math.MaxInt64
	}
	return 0, false
}

// atom appends SMALL_ATOM_UTF8_EXT, ATOM_UTF8_EXT or what the hook makes.
func (w *writer) atom(b []byte, a Atom) ([]byte, error) {
	if !a.Valid() {
		return nil, atomError(a)
	}
	if w.atomHook != nil {
		if out, ok := w.atomHook(b, a); ok {
			return out, nil
		}
	}
	if len(a) <= math.MaxUint8 {
		b = append(b, tagSmallAtomUTF8, byte(len(a)))
	} else {
		b = append(b, tagAtomUTF8, byte(len(a)>>8), byte(len(a)))
	}
	return append(b, a...), nil
}

// Valid tells whether a is valid UTF-8 of at most 255 characters.
func (a Atom) Valid() bool {
	return utf8.ValidString(string(a)) && (len(a) <= maxAtomChars || utf8.RuneCountInString(string(a)) <= maxAtomChars)
}

func atomError(a Atom) error {
	if !utf8.ValidString(string(a)) {
		return fmt.Errorf("%w: %.80q is no UTF-8", ErrAtom, string(a))
	}
	return fmt.Errorf("%w: %.40q… has %d characters, 255 are allowed", ErrAtom, string(a), utf8.RuneCountInString(string(a)))
}

// appendBinary appends BINARY_EXT.
func appendBinary[T string | []byte](b []byte, v T) ([]byte, error) {
	b, err := appendBinaryHead(b, len(v))
	if err != nil {
		return nil, err
	}
	return appendLarge(b, v), nil
}

func appendBinaryHead(b []byte, size int) ([]byte, error) {
	if uint64(size) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: a binary of %d bytes", ErrTooLarge, size)
	}
	return binary.BigEndian.AppendUint32(append(b, tagBinary), uint32(size)), nil
}

// text is shared for a string, which is only read as bytes, too.
func (w *writer) text(b []byte, v string) ([]byte, error) {
	return w.shared(b, unsafe.Slice(unsafe.StringData(v), len(v)))
}

// shared appends a binary that nobody changes, or its head only.
func (w *writer) shared(b, v []byte) ([]byte, error) {
	if w.apart == nil || len(v) < apartFrom {
		return appendBinary(b, v)
	}
	b, err := appendBinaryHead(b, len(v))
	if err == nil {
		w.apart(b, v)
	}
	return b, err
}

// appendBitString appends BIT_BINARY_EXT, unused bits as zeros.
func appendBitString(b []byte, v BitString) ([]byte, error) {
	n := len(v.Bytes)
	if v.Bits == 0 || v.Bits > 7 || n == 0 {
		return nil, fmt.Errorf("%w: bit string of %d bytes with %d bits in the last", ErrType, n, v.Bits)
	}
	if uint64(n) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: a bit string of %d bytes", ErrTooLarge, n)
	}
	b = binary.BigEndian.AppendUint32(append(b, tagBitBinary), uint32(n))
	b = appendLarge(append(b, v.Bits), v.Bytes)
	b[len(b)-1] &^= 0xff >> v.Bits
	return b, nil
}
