package etf

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// appendInt appends an integer in its shortest form.
func appendInt(b []byte, n int64) []byte {
	if 0 <= n && n <= math.MaxUint8 {
		return append(b, tagSmallInt, byte(n))
	}
	if math.MinInt32 <= n && n <= math.MaxInt32 {
		return binary.BigEndian.AppendUint32(append(b, tagInt), uint32(n))
	}
	u, sign := uint64(n), byte(0)
	if n < 0 {
		u, sign = -u, 1
	}
	size := (bits.Len64(u) + 7) / 8
	b = append(b, tagSmallBig, byte(size), sign)
	for range size {
		b = append(b, byte(u))
		u >>= 8
	}
	return b
}

// appendBig appends an integer of any size in its shortest form.
func appendBig(b []byte, n *big.Int) ([]byte, error) {
	if n == nil {
		return nil, fmt.Errorf("%w: nil *big.Int", ErrType)
	}
	if n.IsInt64() {
		return appendInt(b, n.Int64()), nil
	}
	size := (n.BitLen() + 7) / 8
	if uint64(size) > math.MaxUint32 {
		return nil, fmt.Errorf("%w: an integer of %d bytes", ErrTooLarge, size)
	}
	if size <= math.MaxUint8 {
		b = append(b, tagSmallBig, byte(size))
	} else {
		b = binary.BigEndian.AppendUint32(append(b, tagLargeBig), uint32(size))
	}
	sign := byte(0)
	if n.Sign() < 0 {
		sign = 1
	}
	b = append(b, sign)
	start := len(b)
	b = slices.Grow(b, size)[:start+size]
	n.FillBytes(b[start:])
	slices.Reverse(b[start:])
	return b, nil
}

// appendFloat appends NEW_FLOAT_EXT.
func appendFloat(b []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%w: %v", ErrFloat, f)
	}
	return binary.BigEndian.AppendUint64(append(b, tagNewFloat), math.Float64bits(f)), nil
}
