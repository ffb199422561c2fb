package etf

import (
	"bytes"
	"math"
	"strconv"
)

// exactFloat is the first float above which not all integers are floats: from
// here on Erlang always prints an exponent.
const exactFloat = 1 << 53

// appendErlangFloat appends the shortest digits that read back as f, with an
// exponent where that is shorter than zeros, as float_to_list(F, [short]).
func appendErlangFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "#Go<float64>"...)
	}
	if math.Signbit(f) {
		b, f = append(b, '-'), -f
	}
	if f == 0 {
		return append(b, "0.0"...)
	}
	// d.dde±x: the digits are the mantissa without its point.
	s := strconv.AppendFloat(nil, f, 'e', -1, 64)
	e := bytes.IndexByte(s, 'e')
	exp, _ := strconv.Atoi(string(s[e+1:]))
	digits := append(s[:1:1], bytes.TrimPrefix(s[1:e], []byte("."))...)
	point := exp + 1 // digits before the point
	expLen := len(strconv.Itoa(exp)) + 1
	if len(digits) == 1 {
		expLen += 2
	} else {
		expLen++
	}
	zeros := zerosNeeded(point, len(digits))
	if f >= exactFloat || zeros > expLen {
		return appendExponent(b, digits, exp)
	}
	switch {
	case point <= 0:
		b = append(append(b, "0."...), bytes.Repeat([]byte("0"), -point)...)
		return append(b, digits...)
	case point >= len(digits):
		b = append(append(b, digits...), bytes.Repeat([]byte("0"), point-len(digits))...)
		return append(b, ".0"...)
	}
	b = append(append(b, digits[:point]...), '.')
	return append(b, digits[point:]...)
}

// zerosNeeded is how many characters notation without exponent adds.
func zerosNeeded(point, digits int) int {
	switch {
	case point < 0:
		return 2 - point
	case point >= digits:
		return point - digits + 2
	}
	return 0
}

// appendExponent appends d.ddeX.
func appendExponent(b, digits []byte, exp int) []byte {
	b = append(b, digits[0], '.')
	if len(digits) == 1 {
		b = append(b, '0')
	}
	b = append(append(b, digits[1:]...), 'e')
	return strconv.AppendInt(b, int64(exp), 10)
}
