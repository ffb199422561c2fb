package etf

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// integer reads SMALL_INTEGER_EXT and INTEGER_EXT.
func (r *reader) integer(tag byte) (Term, error) {
	if tag == tagSmallInt {
		c, ok := r.byte()
		if !ok {
			return nil, r.fail(ErrTruncated)
		}
		return int64(c), nil
	}
	n, ok := r.uint32()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	return int64(int32(n)), nil
}

// big reads SMALL_BIG_EXT and LARGE_BIG_EXT. What fits is an int64, however
// many zero bytes were sent.
func (r *reader) big(tag byte) (Term, error) {
	n, ok := r.count(tag == tagSmallBig)
	sign, ok2 := r.byte()
	if !ok || !ok2 {
		return nil, r.fail(ErrTruncated)
	}
	p, ok := r.take(n)
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	for len(p) > 0 && p[len(p)-1] == 0 {
		p = p[:len(p)-1]
	}
	if len(p) > 8 {
		return bigFromBytes(p, sign != 0), nil
	}
	var u uint64
	for i, c := range p {
		u |= uint64(c) << (8 * i)
	}
	switch {
	case sign == 0 && u <= math.MaxInt64:
		return int64(u), nil
	case sign != 0 && u <= 1<<63:
		return -int64(u), nil
	}
	return bigFromBytes(p, sign != 0), nil
}

// bigFromBytes makes an integer of little-endian bytes.
func bigFromBytes(p []byte, negative bool) *big.Int {
	p = slices.Clone(p)
	slices.Reverse(p)
	n := new(big.Int).SetBytes(p)
	if negative {
		n.Neg(n)
	}
	return n
}

// newFloat reads NEW_FLOAT_EXT.
func (r *reader) newFloat() (Term, error) {
	u, ok := r.uint64()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	f := math.Float64frombits(u)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, r.fail(ErrFloat)
	}
	return f, nil
}

// textFloat reads FLOAT_EXT: 31 bytes of decimal text, filled up with zeros.
func (r *reader) textFloat() (Term, error) {
	p, ok := r.take(31)
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if i := bytes.IndexByte(p, 0); i >= 0 {
		p = p[:i]
	}
	// ParseFloat also knows hexadecimal, underscores, "inf" and "nan".
	for _, c := range p {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return nil, r.fail(ErrMalformed)
		}
	}
	f, err := strconv.ParseFloat(string(p), 64)
	if err != nil {
		return nil, r.fail(ErrMalformed)
	}
	return f, nil
}
