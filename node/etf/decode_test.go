package etf

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// unhex decodes hex with spaces.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDistributionOnly has the tags that no OTP 25 writes outside of messages:
// atom cache references, native records of OTP 29, LOCAL_EXT.
func TestDistributionOnly(t *testing.T) {
	table := AtomTable{Atom("$gen_call"), Atom("f1@host")}
	d := NewDecoder(DecoderOptions{})
	for _, c := range []struct {
		hex  string
		want Term
	}{
		{"6802 5200 5201", Tuple{Atom("$gen_call"), Atom("f1@host")}},
		{"58 5201 00000001 00000002 00000003", Pid{"f1@host", 1, 2, 3}},
		{"5a 0001 5201 00000009 00000001", MakeRef("f1@host", 9, 1)},
		{"71 5200 5201 6102", Export{"$gen_call", "f1@host", 2}},
		{"43 00000002 01 7701 6d 7701 72 7701 61 7701 62 6101 6b000178",
			Record{1, "m", "r", []Atom{"a", "b"}, []Term{int64(1), List{int64('x')}}}},
		// As erl of OTP 29 writes #nr:point{x = 1, y = [a]}.
		{"43 00000002 00 7702 6e72 7705 706f696e74 7701 78 7701 79 6101 6c00000001 7701 61 6a",
			Record{0, "nr", "point", []Atom{"x", "y"}, []Term{int64(1), List{Atom("a")}}}},
		{"43 00000000 00 5200 5201", Record{0, "$gen_call", "f1@host", []Atom{}, []Term{}}},
		{"79 0102 030405", Opaque{1, 2, 3, 4, 5}},
	} {
		got, rest, err := d.DecodeBody(unhex(t, c.hex), table)
		if err != nil || len(rest) != 0 || !Equal(got, c.want) {
			t.Errorf("%s: %s, %v, want %s", c.hex, String(got), err, String(c.want))
			continue
		}
		b, err := AppendBody(nil, got)
		if err != nil {
			t.Errorf("%s: %v", c.hex, err)
			continue
		}
		if n, err := EncodedSize(got); err != nil || n != len(b) {
			t.Errorf("%s: EncodedSize %d, %v; %d encoded", c.hex, n, err, len(b))
		}
		again, _, err := d.DecodeBody(b, nil)
		if err != nil || !Equal(got, again) {
			t.Errorf("%s: re-encoded without table: %s, %v", c.hex, String(again), err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		err       error
	}{
		{"no version", "6101", ErrMalformed},
		{"unknown tag", "83 01", ErrTag},
		{"cache reference without table", "83 5200", ErrMalformed},
		{"NaN", "83 46 7ff8000000000001", ErrFloat},
		{"infinity", "83 46 fff0000000000000", ErrFloat},
		{"text infinity", "83 63 696e66" + strings.Repeat("00", 28), ErrMalformed},
		{"text hexadecimal", "83 63 3078317030" + strings.Repeat("00", 26), ErrMalformed},
		{"text empty", "83 63" + strings.Repeat("00", 31), ErrMalformed},
		{"atom no UTF-8", "83 7701 ff", ErrAtom},
		{"atom surrogate", "83 7703 eda080", ErrAtom},
		{"atom of 256", "83 760100" + strings.Repeat("61", 256), ErrAtom},
		{"Latin-1 atom of 256", "83 640100" + strings.Repeat("61", 256), ErrAtom},
		{"atom of 1021 bytes", "83 7603fd" + strings.Repeat("61", 1021), ErrAtom},
		{"bits without bytes", "83 4d 00000000 03", ErrMalformed},
		{"bytes without bits", "83 4d 00000001 00 01", ErrMalformed},
		{"nine bits", "83 4d 00000001 09 01", ErrMalformed},
		{"reference of 0 words", "83 5a 0000 770161 00000001", ErrMalformed},
		{"reference of 6 words", "83 5a 0006 770161 00000001" + strings.Repeat("00000001", 6), ErrMalformed},
		{"pid with number as node", "83 58 6101 00000001 00000002 00000003", ErrMalformed},
		{"export of arity 256", "83 71 770161 770161 62 00000100", ErrMalformed},
		{"export of arity atom", "83 71 770161 770161 770161", ErrMalformed},
		{"record with number as name", "83 43 00000000 00 770161 6101", ErrMalformed},
		{"empty", "", ErrTruncated},
		{"only version", "83", ErrTruncated},
	} {
		_, _, err := Decode(unhex(t, c.hex))
		var de *DecodeError
		if !errors.Is(err, c.err) || !errors.As(err, &de) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

func TestDecodeErrorPlace(t *testing.T) {
	_, _, err := Decode(unhex(t, "83 6802 6101 01"))
	var de *DecodeError
	if !errors.As(err, &de) || de.Offset != 5 || de.Tag != 1 {
		t.Errorf("%v", err)
	}
	if !strings.Contains(err.Error(), "byte 5 (tag 1)") {
		t.Errorf("%v", err)
	}
}

// TestCopy: without NoCopy a term keeps nothing of the input, with it binaries
// are the input.
func TestCopy(t *testing.T) {
	b, err := Encode(Tuple{"abc", BitString{[]byte{0xe0}, 3}})
	if err != nil {
		t.Fatal(err)
	}
	for _, noCopy := range []bool{false, true} {
		in := bytes.Clone(b)
		got, _, err := NewDecoder(DecoderOptions{NoCopy: noCopy}).Decode(in)
		if err != nil {
			t.Fatal(err)
		}
		clear(in)
		if kept := Equal(got, Tuple{"abc", BitString{[]byte{0xe0}, 3}}); kept == noCopy {
			t.Errorf("NoCopy %v: term is %s after the input was cleared", noCopy, String(got))
		}
		if s, _ := AsBinary(got.(Tuple)[0]); cap(s) > 3 && noCopy {
			t.Error("appending to a binary would write into the input")
		}
	}
}

// TestDirtyBits: unused bits are cleared, but never in the input.
func TestDirtyBits(t *testing.T) {
	in := unhex(t, "83 4d 00000001 03 ff")
	got, _, err := NewDecoder(DecoderOptions{NoCopy: true}).Decode(in)
	if err != nil || got.(BitString).Bytes[0] != 0xe0 || in[len(in)-1] != 0xff {
		t.Errorf("%s, %v, input %x", String(got), err, in)
	}
}

// TestSplit: a stream of terms is read one after the other.
func TestSplit(t *testing.T) {
	var stream []byte
	want := List{1, Atom("a"), Tuple{"x"}, List{}, M(1, 2)}
	for _, term := range want {
		var err error
		if stream, err = Append(stream, term); err != nil {
			t.Fatal(err)
		}
	}
	for _, term := range want {
		got, rest, err := Decode(stream)
		if err != nil || !Equal(got, term) {
			t.Fatalf("%s, %v, want %s", String(got), err, String(term))
		}
		stream = rest
	}
}
