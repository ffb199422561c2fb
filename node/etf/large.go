package etf

// copyChunk is what is copied at a time. The runtime cannot interrupt a copy:
// when the garbage collector has to stop all goroutines for a moment, it and
// they would wait for one of 100 MB for tens of milliseconds.
const copyChunk = 256 << 10

// appendLarge is append, in steps if v is large.
func appendLarge[T string | []byte](b []byte, v T) []byte {
	if len(v) <= copyChunk {
		return append(b, v...)
	}
	if need := len(b) + len(v); need > cap(b) {
		b = appendLarge(make([]byte, 0, max(need, cap(b)+cap(b)/4)), b)
	}
	for len(v) > 0 {
		n := min(len(v), copyChunk)
		b = append(b, v[:n]...)
		v = v[n:]
	}
	return b
}
