package etf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
)

// compressed reads a compressed term: its size after inflating, then zlib
// data. The size is checked before anything is inflated, and the buffer grows
// with what really comes out, not with what was claimed.
func (r *reader) compressed() (Term, error) {
	r.tag, _ = r.byte()
	if r.safe {
		return nil, r.fail(ErrUnsafe)
	}
	size, ok := r.uint32()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if uint64(size) > uint64(r.inflated) {
		return nil, r.fail(ErrTooLarge)
	}
	src := bytes.NewReader(r.b[r.off:])
	plain, err := inflate(src, int64(size))
	r.off = len(r.b) - src.Len()
	if err != nil {
		return nil, r.fail(err)
	}
	inner := *r
	inner.b, inner.off, inner.clamped = plain, 0, false
	inner.noCopy = true // the buffer is ours alone
	t, err := inner.term()
	if err != nil {
		return nil, err
	}
	if inner.left() != 0 {
		return nil, inner.fail(ErrMalformed)
	}
	return t, nil
}

// inflate reads exactly size bytes and the end of the stream.
func inflate(src *bytes.Reader, size int64) ([]byte, error) {
	z, err := zlib.NewReader(src)
	if err != nil {
		return nil, zlibError(err)
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(z, size+1))
	if err != nil {
		return nil, zlibError(err)
	}
	if n != size {
		return nil, ErrMalformed
	}
	return out.Bytes(), nil
}

func zlibError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return ErrMalformed
}
