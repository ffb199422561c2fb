package etf

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzDecode: no input panics; what decodes can be encoded, unless a map has a
// key twice, and then is the same term. Copying or not makes no difference.
func FuzzDecode(f *testing.F) {
	for _, g := range readGolden(f) {
		if len(g.bytes) < 500 {
			f.Add(g.bytes)
		}
	}
	table := AtomTable{Atom("a"), Atom("node@host")}
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := DecoderOptions{Limits: Limits{Inflated: 1 << 20}}
		_, _, _ = NewDecoder(opts).DecodeBody(b, table)
		_, _ = DecodeSafe(b)
		in, rest, err := NewDecoder(opts).Decode(b)
		opts.NoCopy = true
		other, _, err2 := NewDecoder(opts).Decode(bytes.Clone(b))
		if (err == nil) != (err2 == nil) || err == nil && !Equal(in, other) {
			t.Fatalf("copied %s, %v; not copied %s, %v", String(in), err, String(other), err2)
		}
		if err != nil {
			return
		}
		if n := len(b) - len(rest); n > 1 && b[1] != tagCompressed && !bytes.ContainsRune(b, tagLocal) {
			if _, _, err := Decode(b[:n-1]); err == nil {
				t.Fatal("decodes without its last byte")
			}
		}
		checkEncode(t, in)
	})
}

func checkEncode(t *testing.T, in Term) {
	out, err := Encode(in)
	if errors.Is(err, ErrDuplicateKey) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := EncodedSize(in); err != nil || n+1 != len(out) {
		t.Fatalf("EncodedSize %d, %v; encoded %d", n, err, len(out)-1)
	}
	again, rest, err := Decode(out)
	if err != nil || len(rest) > 0 || !Equal(in, again) || Compare(in, again) != 0 {
		t.Fatalf("%s became %s, %v", String(in), String(again), err)
	}
}

// FuzzParse: no text panics; what it reads is printed so that it reads again.
func FuzzParse(f *testing.F) {
	for _, c := range parseTable {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := Parse(text)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Offset < 0 || pe.Offset > len(text) {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, style := range []Style{Pretty, Unicode, Plain} {
			out, err := Parse(Format(in, style))
			if err != nil || !Equal(in, out) {
				t.Fatalf("%s reads as %s, %v", Format(in, style), Format(out, style), err)
			}
		}
		if len(text) < 1000 {
			checkEncode(t, in)
		}
	})
}

// FuzzEncodeDecode builds terms of the bytes, so that the fuzzer need not find
// the format by itself, and checks the round trip.
func FuzzEncodeDecode(f *testing.F) {
	f.Add([]byte("\x09\x03\x00\x05\x01abc\x08\x02\x03\x04"))
	f.Add([]byte{10, 2, 0, 1, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte{11, 3, 12, 0, 1, 2, 3, 4, 5, 6, 7, 13, 1, 2, 3, 14, 9, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := source{b: b}
		in := s.term(20)
		checkEncode(t, in)
		_ = String(in)
	})
}

// source makes terms of bytes.
type source struct{ b []byte }

func (s *source) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *source) bytes(n int) []byte {
	n = min(n, len(s.b))
	p := s.b[:n]
	s.b = s.b[n:]
	return p
}

func (s *source) int() (n int64) {
	for _, c := range s.bytes(int(s.byte() % 9)) {
		n = n<<8 | int64(c)
	}
	return n
}

func (s *source) atom() Atom {
	return Atom(fromLatin1(s.bytes(int(s.byte()))))
}

func (s *source) terms(depth int) []Term {
	all := make([]Term, 0, 8)
	for range s.byte() % 40 {
		all = append(all, s.term(depth-1))
	}
	return all
}

func (s *source) term(depth int) Term {
	if depth == 0 || len(s.b) == 0 {
		return List{}
	}
	switch s.byte() % 16 {
	case 0:
		return s.int()
	case 1:
		return s.atom()
	case 2:
		return float64(s.int()) / 1024
	case 3:
		return plain(bigFromBytes(bytes.Clone(s.bytes(int(s.byte()))), s.byte()&1 == 1))
	case 4:
		return bytes.Clone(s.bytes(int(s.byte())))
	case 5:
		return BitString{Bytes: append(bytes.Clone(s.bytes(int(s.byte()%4))), s.byte()), Bits: s.byte()%7 + 1}
	case 6:
		return charsOf(s.bytes(int(s.byte())))
	case 7, 8:
		return Tuple(s.terms(depth))
	case 9:
		return List(s.terms(depth))
	case 10:
		return flatten(ImproperList{Head: append(s.terms(depth), OK), Tail: s.term(depth - 1)})
	case 11:
		var m Map
		for _, t := range s.terms(depth) {
			m = append(m, MapEntry{Key: t, Value: s.term(depth - 1)})
		}
		return m
	case 12:
		return Pid{s.atom(), uint32(s.int()), uint32(s.int()), uint32(s.int())}
	case 13:
		return Ref{Node: s.atom(), Creation: uint32(s.int()), Len: 2, Words: [5]uint32{uint32(s.int()), uint32(s.int())}}
	case 14:
		return Port{s.atom(), uint64(s.int()), uint32(s.int())}
	}
	return s.rare(depth)
}

func (s *source) rare(depth int) Term {
	switch s.byte() % 3 {
	case 0:
		return Export{s.atom(), s.atom(), s.byte()}
	case 1:
		f := Fun{Arity: s.byte(), Index: uint32(s.int()), Module: s.atom(), OldIndex: s.int(), OldUniq: s.int()}
		f.Pid.Node = s.atom()
		f.Free = s.terms(depth)
		return f
	}
	r := Record{Flags: s.byte(), Module: s.atom(), Name: s.atom(), Values: s.terms(depth)}
	for range r.Values {
		r.Fields = append(r.Fields, s.atom())
	}
	return r
}
