package etf

import (
	"math/big"
	"slices"
)

// integer appends the low size bits of n, two's complement, as Erlang does.
func (w *bitWriter) integer(n *big.Int, size int, little bool) {
	if size == 0 {
		return
	}
	mod := new(big.Int).Lsh(big.NewInt(1), uint(size))
	low := new(big.Int).Mod(n, mod)
	whole, odd := size/8, uint8(size%8)
	if !little {
		// Big-endian: the odd bits come last in the stream, so shift them there.
		bytes := (size + 7) / 8
		if odd != 0 {
			low.Lsh(low, uint(8-odd))
		}
		w.bitsOf(low.FillBytes(make([]byte, bytes)), odd)
		return
	}
	// Little-endian: whole bytes from the lowest, then the odd bits.
	b := low.FillBytes(make([]byte, (size+7)/8))
	slices.Reverse(b)
	if odd != 0 {
		b[whole] <<= 8 - odd
	}
	w.bitsOf(b, odd)
}

// bytes appends whole bytes.
func (w *bitWriter) bytes(b []byte) { w.bitsOf(b, 0) }

// bitsOf appends b, of whose last byte only the high odd bits count (0: all).
func (w *bitWriter) bitsOf(b []byte, odd uint8) {
	if w.used == 0 {
		w.b = append(w.b, b...)
		w.used = odd
		return
	}
	for i, c := range b {
		n := uint8(8)
		if i == len(b)-1 && odd != 0 {
			n = odd
		}
		free := 8 - w.used
		w.b[len(w.b)-1] |= c >> w.used
		if n <= free {
			w.used = (w.used + n) % 8
			continue
		}
		w.b = append(w.b, c<<free)
		w.used = n - free
	}
}
