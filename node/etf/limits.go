package etf

import "math"

// The limits that zero fields of Limits mean.
const (
	DefaultDepth    = 10_000    // nested containers
	DefaultInflated = 64 << 20  // bytes of an inflated term
	DefaultBytes    = 512 << 20 // bytes of an encoded term
)

// Limits bound what decoding one term may cost. Zero fields mean the defaults.
//
// Whatever the limits are, memory is proportional to the input: a count is
// compared with the bytes that are left, less those that the elements still
// owed to enclosing containers need, before anything is allocated.
type Limits struct {
	Depth    int // nested containers; default DefaultDepth
	Bytes    int // encoded bytes of one term; default DefaultBytes
	Inflated int // bytes of one compressed term after inflating; default DefaultInflated
	Elements int // elements of all containers together; default: as many as there are bytes
}

// withDefaults replaces zero and negative fields.
func (l Limits) withDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Inflated <= 0 {
		l.Inflated = DefaultInflated
	}
	if l.Elements <= 0 {
		l.Elements = math.MaxInt
	}
	return l
}

// DecoderOptions configure a Decoder.
type DecoderOptions struct {
	Limits Limits
	// NoCopy makes binaries sub-slices of the input: faster, but the caller
	// must not write to the input while a term made of it is in use, and one
	// small binary keeps the whole input in memory. Without it binaries are
	// copies.
	NoCopy bool
	// Safe refuses what a token or another small document of a stranger never
	// holds: funs, LOCAL_EXT, compressed terms, maps with the same key twice.
	Safe bool
}
