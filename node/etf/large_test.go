package etf

import (
	"bytes"
	"testing"
)

// TestLarge: appending in steps is appending, and many large binaries do not
// move the ones before them each time.
func TestLarge(t *testing.T) {
	for _, n := range []int{0, 1, copyChunk - 1, copyChunk, copyChunk + 1, 3*copyChunk + 7} {
		v := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
		for _, head := range []string{"", "head"} {
			want := append([]byte(head), v...)
			if got := appendLarge([]byte(head), v); !bytes.Equal(got, want) {
				t.Errorf("%q and %d bytes differ", head, n)
			}
			if got := appendLarge([]byte(head), string(v)); !bytes.Equal(got, want) {
				t.Errorf("%q and a text of %d bytes differ", head, n)
			}
		}
		got, _, err := NewDecoder(DecoderOptions{}).DecodeBody(mustAppend(t, v), nil)
		if kept, _ := AsBinary(got); err != nil || !bytes.Equal(kept, v) {
			t.Errorf("a binary of %d bytes differs, %v", n, err)
		}
	}
	var b []byte
	moves, room := 0, 0
	for range 100 {
		b = appendLarge(b, make([]byte, copyChunk+1))
		if cap(b) != room {
			moves, room = moves+1, cap(b)
		}
	}
	if moves > 30 {
		t.Errorf("moved %d times", moves)
	}
}

func mustAppend(t *testing.T, v Term) []byte {
	t.Helper()
	b, err := AppendBody(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
