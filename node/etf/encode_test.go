package etf

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestEncodeErrors(t *testing.T) {
	long := Atom(strings.Repeat("ż", 256))
	for _, c := range []struct {
		name string
		term Term
		err  error
		says string
	}{
		{"NaN", math.NaN(), ErrFloat, "NaN"},
		{"infinity", List{math.Inf(-1)}, ErrFloat, "-Inf"},
		{"atom of 256", long, ErrAtom, "256 characters"},
		{"atom no UTF-8", Atom("\xff"), ErrAtom, "no UTF-8"},
		{"node of a pid", Pid{Node: long}, ErrAtom, ""},
		{"struct", Tuple{struct{ X int }{}}, ErrType, "struct { X int }"},
		{"nil", nil, ErrType, "<nil>"},
		{"nil big", (*big.Int)(nil), ErrType, "*big.Int"},
		{"channel in map", M("k", make(chan int)), ErrType, "chan int"},
		{"float32", float32(1), ErrType, "float32"},
		{"pointer", &Pid{}, ErrType, "*etf.Pid"},
		{"zero reference", Ref{Node: "a@b"}, ErrType, "0 words"},
		{"reference of 6", Ref{Node: "a@b", Len: 6}, ErrType, "6 words"},
		{"bits 0", BitString{[]byte{1}, 0}, ErrType, ""},
		{"bits 8", BitString{[]byte{1}, 8}, ErrType, ""},
		{"bits without bytes", BitString{nil, 3}, ErrType, ""},
		{"improper without head", ImproperList{Tail: OK}, ErrType, "without head"},
		{"record", Record{Fields: []Atom{"a"}}, ErrType, "1 fields and 0 values"},
		{"key twice", Map{{1, 2}, {int64(1), 3}}, ErrDuplicateKey, "1"},
		{"key twice in many", append(manyKeys(100), MapEntry{"50", 1}), ErrDuplicateKey, "50"},
	} {
		dst := []byte("kept")
		got, err := Append(dst, c.term)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v with %q", c.name, err, c.err, c.says)
		}
		if string(got) != "kept" {
			t.Errorf("%s: dst is %q after the error", c.name, got)
		}
	}
}

func manyKeys(n int) Map {
	var m Map
	for i := range n {
		m = append(m, MapEntry{Key: String(i), Value: i})
	}
	return m
}

// TestConveniences: the Go types that Encode takes besides those of Decode.
func TestConveniences(t *testing.T) {
	for _, c := range []struct{ in, want Term }{
		{true, True}, {false, False}, {"żółw", []byte("żółw")}, {Shared("ab"), []byte("ab")}, {1, int64(1)}, {int8(-1), int64(-1)},
		{int16(-300), int64(-300)}, {int32(1 << 30), int64(1 << 30)}, {uint(5), int64(5)}, {uint8(255), int64(255)},
		{uint16(65535), int64(65535)}, {uint32(1<<32 - 1), int64(1<<32 - 1)},
		{uint64(1<<64 - 1), new(big.Int).SetUint64(1<<64 - 1)}, {uint(1<<64 - 1), new(big.Int).SetUint64(1<<64 - 1)},
		{uint64(7), int64(7)}, {big.NewInt(-5), int64(-5)},
		{[]string{"a", "b"}, List{[]byte("a"), []byte("b")}}, {[]string{}, List{}}, {List{}, List(nil)},
		{List{1, uint8(2)}, List{int64(1), int64(2)}},
		{ImproperList{[]Term{1}, List{2}}, List{1, 2}}, {ImproperList{[]Term{1}, ImproperList{[]Term{2}, 3}}, ImproperList{[]Term{1, 2}, 3}},
		{ImproperList{[]Term{1}, []string{"x"}}, List{1, "x"}},
	} {
		b, err := Encode(c.in)
		if err != nil {
			t.Errorf("%#v: %v", c.in, err)
			continue
		}
		if n, err := EncodedSize(c.in); err != nil || n+1 != len(b) {
			t.Errorf("%#v: EncodedSize %d, %v; %d encoded", c.in, n, err, len(b)-1)
		}
		got, _, err := Decode(b)
		if err != nil || !Equal(got, c.want) || !Equal(c.in, c.want) {
			t.Errorf("%#v: comes back as %s (%v), want %s", c.in, String(got), err, String(c.want))
		}
	}
}

// TestStringBoundary: 65,535 bytes are the longest STRING_EXT.
func TestStringBoundary(t *testing.T) {
	for n, head := range map[int][]byte{65535: {tagString, 0xff, 0xff}, 65536: {tagList, 0, 1, 0, 0}} {
		l := make(List, n)
		for i := range l {
			l[i] = int64('x')
		}
		b, err := AppendBody(nil, l)
		if err != nil || !bytes.HasPrefix(b, head) {
			t.Errorf("%d: begins with %x, %v", n, b[:5], err)
		}
		got, _, err := NewDecoder(DecoderOptions{}).DecodeBody(b, nil)
		if err != nil || !Equal(got, l) {
			t.Errorf("%d: comes back wrong, %v", n, err)
		}
	}
}
