package etf

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// golden is a line of testdata/golden.txt, made by golden.escript.
type golden struct {
	name  string
	bytes []byte
	text  string
	same  bool
}

func readGolden(t testing.TB) []golden {
	t.Helper()
	f, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []golden
	for s := bufio.NewScanner(f); s.Scan(); {
		col := strings.Split(s.Text(), "\t")
		if len(col) != 4 {
			t.Fatalf("golden.txt: %d columns in %.60q", len(col), s.Text())
		}
		b, err := hex.DecodeString(col[1])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, golden{name: col[0], bytes: b, text: col[2], same: col[3] == "same"})
	}
	if len(all) < 100 {
		t.Fatalf("golden.txt has only %d lines", len(all))
	}
	return all
}

func TestGolden(t *testing.T) {
	for _, g := range readGolden(t) {
		t.Run(g.name, func(t *testing.T) {
			term, rest, err := Decode(append(bytes.Clone(g.bytes), "rest"...))
			if err != nil {
				t.Fatal(err)
			}
			if string(rest) != "rest" {
				t.Errorf("rest is %q", rest)
			}
			if got := String(term); g.text != "-" && got != g.text {
				t.Errorf("prints as %s, Erlang prints %s", got, g.text)
			}
			b, err := Encode(term)
			if err != nil {
				t.Fatal(err)
			}
			if g.same && !bytes.Equal(b, g.bytes) {
				t.Errorf("encodes as %x, Erlang gives %x", b, g.bytes)
			}
			if n, err := EncodedSize(term); err != nil || n != len(b)-1 {
				t.Errorf("EncodedSize is %d, %v; %d bytes encoded", n, err, len(b)-1)
			}
			again, _, err := NewDecoder(DecoderOptions{NoCopy: true}).Decode(b)
			if err != nil || !Equal(term, again) {
				t.Errorf("comes back as %s, %v", String(again), err)
			}
		})
	}
}

// TestTruncated cuts each golden term at every byte.
func TestTruncated(t *testing.T) {
	for _, g := range readGolden(t) {
		for n := range g.bytes {
			_, rest, err := Decode(g.bytes[:n])
			if err == nil {
				t.Errorf("%s: %d of %d bytes decode", g.name, n, len(g.bytes))
			}
			if !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: %d of %d bytes: %v", g.name, n, len(g.bytes), err)
			}
			if len(rest) != n {
				t.Errorf("%s: an error consumes bytes", g.name)
			}
		}
	}
}

// TestFlipped changes each byte of each golden term: any answer but a panic,
// and what decodes must encode.
func TestFlipped(t *testing.T) {
	for _, g := range readGolden(t) {
		for i := range min(len(g.bytes), 300) {
			for _, x := range []byte{1, 0x80, 0xff} {
				b := bytes.Clone(g.bytes)
				b[i] ^= x
				term, _, err := Decode(b)
				if err != nil {
					continue
				}
				if _, err := Encode(term); err != nil && !errors.Is(err, ErrDuplicateKey) {
					t.Errorf("%s, byte %d ^ %#x: decodes to %s but: %v", g.name, i, x, String(term), err)
				}
			}
		}
	}
}
