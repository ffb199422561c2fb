package etf

import (
	"errors"
	"fmt"
)

// What can be wrong with encoded bytes or with a Go value that shall be
// encoded. Test with errors.Is; the errors returned say more.
var (
	// ErrTruncated: the bytes end inside of a term, or a count claims more
	// than the bytes that are left could hold.
	ErrTruncated = errors.New("external term is truncated")
	// ErrMalformed: the bytes are no external term.
	ErrMalformed = errors.New("malformed external term")
	// ErrTag: a tag that is unknown or not allowed at this place.
	ErrTag = errors.New("unknown external term tag")
	// ErrTooDeep: more nested containers than the limit.
	ErrTooDeep = errors.New("term is nested too deeply")
	// ErrTooLarge: more bytes or elements than the limit.
	ErrTooLarge = errors.New("term is too large")
	// ErrUnsafe: a term that DecodeSafe does not accept, such as a fun.
	ErrUnsafe = errors.New("term is not allowed in safe mode")
	// ErrAtom: more than 255 characters or no valid UTF-8.
	ErrAtom = errors.New("not an atom")
	// ErrFloat: NaN or an infinity, which Erlang does not have.
	ErrFloat = errors.New("float is not finite")
	// ErrType: a Go value that stands for no term.
	ErrType = errors.New("Go value is no term")
	// ErrDuplicateKey: a map with the same key twice, which makes a BEAM node
	// drop the connection it arrives on.
	ErrDuplicateKey = errors.New("map has the same key twice")
)

// DecodeError tells where decoding failed.
type DecodeError struct {
	Offset int  // byte of the input (after inflating, of the inflated bytes)
	Tag    byte // tag of the innermost term being decoded, 0 when none was read
	Err    error
}

// Error gives the reason, the tag and the offset.
func (e *DecodeError) Error() string {
	if e.Tag == 0 {
		return fmt.Sprintf("decode term: %v at byte %d", e.Err, e.Offset)
	}
	return fmt.Sprintf("decode term: %v at byte %d (tag %d)", e.Err, e.Offset, e.Tag)
}

// Unwrap gives the reason.
func (e *DecodeError) Unwrap() error { return e.Err }
