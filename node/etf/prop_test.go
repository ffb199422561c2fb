package etf

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRoundTrip: encode, decode, encode gives the same term and bytes, with
// the size foretold, and every prefix is an error.
func TestRoundTrip(t *testing.T) {
	d := NewDecoder(DecoderOptions{NoCopy: true})
	rapid.Check(t, func(t *rapid.T) {
		in := genTerm().Draw(t, "term")
		b, err := Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := EncodedSize(in); err != nil || n+1 != len(b) {
			t.Fatalf("EncodedSize %d, %v; encoded %d", n, err, len(b)-1)
		}
		out, rest, err := d.Decode(b)
		if err != nil || len(rest) != 0 {
			t.Fatalf("decode: %v, %d bytes left", err, len(rest))
		}
		if !Equal(in, out) || Compare(in, out) != 0 {
			t.Fatalf("%s became %s", Format(in, Plain), Format(out, Plain))
		}
		again, err := Encode(out)
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("encodes as %x, then as %x (%v)", b, again, err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, _, err := Decode(b[:cut]); !errors.Is(err, ErrTruncated) {
			t.Fatalf("%d of %d bytes: %v", cut, len(b), err)
		}
	})
}

// TestAtomHook: with every atom behind a cache reference the term comes back
// the same, and re-encoded without the hook it holds no reference.
func TestAtomHook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genTerm().Draw(t, "term")
		var table AtomTable
		e := Encoder{Atom: func(dst []byte, a Atom) ([]byte, bool) {
			i := slices.Index(table, Term(a))
			if i < 0 && len(table) < 250 {
				i, table = len(table), append(table, a)
			}
			if i < 0 {
				return dst, false
			}
			return AppendAtomRef(dst, uint8(i)), true
		}}
		b, err := e.AppendBody(nil, in)
		if err != nil {
			t.Fatal(err)
		}
		out, rest, err := NewDecoder(DecoderOptions{}).DecodeBody(b, table)
		if err != nil || len(rest) != 0 || !Equal(in, out) {
			t.Fatalf("%s became %s, %v", Format(in, Plain), Format(out, Plain), err)
		}
		plainBytes, err := AppendBody(nil, out)
		want, _ := AppendBody(nil, in)
		if err != nil || !bytes.Equal(plainBytes, want) {
			t.Fatalf("re-encoded as %x, want %x (%v)", plainBytes, want, err)
		}
	})
}

// TestParseFormat: what is printed in any style reads back the same.
func TestParseFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genPrintable().Draw(t, "term")
		for _, style := range []Style{Pretty, Unicode, Plain} {
			text := Format(in, style)
			out, err := Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if !Equal(in, out) {
				t.Fatalf("%s reads back as %s", text, Format(out, style))
			}
		}
	})
}

// TestOrder: Compare is a total order and agrees with Equal.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOfN(genTerm(), 3, 3).Draw(t, "terms")
		a, b, c := s[0], s[1], s[2]
		if Compare(a, b) != -Compare(b, a) || compareExact(a, b) != -compareExact(b, a) {
			t.Fatal("not antisymmetric")
		}
		if compareExact(a, b) <= 0 && compareExact(b, c) <= 0 && compareExact(a, c) > 0 {
			t.Fatal("not transitive")
		}
		if Equal(a, b) != (compareExact(a, b) == 0) {
			// Funs are equal whatever pid made them, as are 0.0 and -0.0.
			t.Fatalf("Equal is %v, Compare %d", Equal(a, b), compareExact(a, b))
		}
	})
}
