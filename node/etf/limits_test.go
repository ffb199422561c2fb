package etf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
)

// nested is n levels of prefix, then []: with suffix after each level.
func nested(n int, prefix, suffix []byte) []byte {
	b := append([]byte{version}, bytes.Repeat(prefix, n)...)
	return append(append(b, tagNil), bytes.Repeat(suffix, n)...)
}

// deepForms are the ways to nest.
var deepForms = []struct {
	name           string
	prefix, suffix []byte
	flat           bool // does not nest for Erlang
}{
	{name: "tuple", prefix: []byte{tagSmallTuple, 1}},
	{name: "large tuple", prefix: []byte{tagLargeTuple, 0, 0, 0, 1}},
	{name: "list", prefix: []byte{tagList, 0, 0, 0, 1}, suffix: []byte{tagNil}},
	{name: "list tail", prefix: []byte{tagList, 0, 0, 0, 1, tagSmallInt, 1}, flat: true},
	{name: "empty list tail", prefix: []byte{tagList, 0, 0, 0, 0}, flat: true},
	{name: "improper head", prefix: []byte{tagList, 0, 0, 0, 1}, suffix: []byte{tagSmallInt, 7}},
	{name: "map value", prefix: []byte{tagMap, 0, 0, 0, 1, tagSmallInt, 1}},
	{name: "map key", prefix: []byte{tagMap, 0, 0, 0, 1}, suffix: []byte{tagSmallInt, 1}},
	{name: "record", prefix: []byte{tagRecord, 0, 0, 0, 1, 0, 119, 0, 119, 0, 119, 0}},
	{name: "fun", prefix: append(append([]byte{tagNewFun, 0, 0, 0, 0, 0}, make([]byte, 16)...),
		0, 0, 0, 0, 0, 0, 0, 1, 119, 0, 97, 0, 97, 0, 88, 119, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
}

// TestDeep: 5,000 and 10,000 levels work in every function, more is an error,
// 200,000 too.
func TestDeep(t *testing.T) {
	for _, f := range deepForms {
		t.Run(f.name, func(t *testing.T) {
			for _, n := range []int{5000, DefaultDepth} {
				deepRoundTrip(t, nested(n, f.prefix, f.suffix))
			}
			for _, n := range []int{DefaultDepth + 1, 200_000} {
				_, _, err := Decode(nested(n, f.prefix, f.suffix))
				if f.flat && err != nil {
					t.Errorf("%d parts of one list: %v", n, err)
				}
				if !f.flat && !errors.Is(err, ErrTooDeep) {
					t.Errorf("%d levels: %v", n, err)
				}
			}
		})
	}
}

func deepRoundTrip(t *testing.T, b []byte) {
	t.Helper()
	term, _, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Encode(Tuple{term})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := EncodedSize(Tuple{term}); err != nil || n+1 != len(out) {
		t.Errorf("EncodedSize %d, %v; %d encoded", n, err, len(out)-1)
	}
	if !Equal(term, term) || Compare(term, term) != 0 || len(String(term)) == 0 {
		t.Error("not equal to itself")
	}
}

// TestCyclic: a Go value that contains itself is an error.
func TestCyclic(t *testing.T) {
	loop := Tuple{nil}
	loop[0] = loop
	if _, err := Encode(loop); !errors.Is(err, ErrTooDeep) {
		t.Errorf("Encode: %v", err)
	}
	if _, err := EncodedSize(loop); !errors.Is(err, ErrTooDeep) {
		t.Errorf("EncodedSize: %v", err)
	}
	if s := String(loop); len(s) > 10*formatDepth {
		t.Errorf("prints %d bytes", len(s))
	}
}

// TestClaims: counts of up to 4 GiB that the input cannot hold allocate
// nothing worth mentioning and fail.
func TestClaims(t *testing.T) {
	pad := make([]byte, 64)
	for _, claim := range []uint32{100, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		n := binary.BigEndian.AppendUint32(nil, claim)
		short := []byte{byte(claim >> 8), byte(claim)}
		for name, head := range map[string][]byte{
			"tuple": append([]byte{tagLargeTuple}, n...), "list": append([]byte{tagList}, n...),
			"map": append([]byte{tagMap}, n...), "binary": append([]byte{tagBinary}, n...),
			"bits": append(append([]byte{tagBitBinary}, n...), 3), "big": append([]byte{tagLargeBig}, n...),
			"record": append([]byte{tagRecord}, n...),
			"fun":    append(append([]byte{tagNewFun}, make([]byte, 25)...), n...),
			"string": append([]byte{tagString}, short...), "atom": append([]byte{tagAtomUTF8}, short...),
			"compressed": append([]byte{tagCompressed}, n...),
		} {
			b := append(append([]byte{version}, head...), pad...)
			if _, _, err := Decode(b); err == nil && len(head) > 3 {
				t.Errorf("%s of %d decodes", name, claim)
			}
			limit := uint64(1 << 10)
			if name == "compressed" {
				limit = 64 << 10 // zlib's own tables
			}
			if got := bytesPerRun(100, func() { _, _, _ = Decode(b) }); got > limit {
				t.Errorf("%s of %d allocates %d bytes", name, claim, got)
			}
		}
	}
}

// TestNestedClaims: a tower of containers, each claiming all the bytes that
// are left, costs no more than a flat one.
func TestNestedClaims(t *testing.T) {
	const size = 1 << 20
	b := []byte{version}
	for len(b) < size-16 && len(b) < 5*9000 {
		b = binary.BigEndian.AppendUint32(append(b, tagLargeTuple), uint32(size-len(b)-16))
	}
	b = append(b, make([]byte, size-len(b))...)
	if got := bytesPerRun(1, func() { _, _, _ = Decode(b) }); got > 40*size {
		t.Errorf("1 MiB of nested claims allocates %d bytes", got)
	}
	if _, _, err := Decode(b); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v", err)
	}
}

// bytesPerRun measures the bytes that f allocates.
func bytesPerRun(runs int, f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / uint64(runs)
}

// TestLimits checks each limit just below and above.
func TestLimits(t *testing.T) {
	term, err := Encode(Tuple{List{Atom("a"), 1, "b"}, M("k", "v"), Charlist("abc")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		exact Limits
		less  Limits
		err   error
	}{
		{"depth", Limits{Depth: 2}, Limits{Depth: 1}, ErrTooDeep},
		{"bytes", Limits{Bytes: len(term)}, Limits{Bytes: len(term) - 1}, ErrTooLarge},
		{"elements", Limits{Elements: 3 + 3 + 2 + 3}, Limits{Elements: 3 + 3 + 2 + 2}, ErrTooLarge},
	} {
		if _, _, err := NewDecoder(DecoderOptions{Limits: c.exact}).Decode(term); err != nil {
			t.Errorf("%s: at the limit: %v", c.name, err)
		}
		if _, _, err := NewDecoder(DecoderOptions{Limits: c.less}).Decode(term); !errors.Is(err, c.err) {
			t.Errorf("%s: beyond the limit: %v", c.name, err)
		}
	}
}

func TestCompressedLimit(t *testing.T) {
	bomb := compress(t, append([]byte{tagBinary, 0, 1, 0, 0}, make([]byte, 1<<16)...), 5+1<<16)
	if _, _, err := Decode(bomb); err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(DecoderOptions{Limits: Limits{Inflated: 1 << 16}})
	if _, _, err := d.Decode(bomb); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond the limit: %v", err)
	}
	for name, b := range map[string][]byte{
		"claims less":    compress(t, make([]byte, 1<<20), 100),
		"claims more":    compress(t, []byte{tagNil}, 2),
		"two terms":      compress(t, []byte{tagNil, tagNil}, 2),
		"nested":         compress(t, compress(t, []byte{tagNil}, 1)[1:], len(compress(t, []byte{tagNil}, 1))-1),
		"not zlib":       {version, tagCompressed, 0, 0, 0, 1, 1, 2, 3, 4, 5},
		"inside a tuple": append([]byte{version, tagSmallTuple, 1}, compress(t, []byte{tagNil}, 1)[1:]...),
	} {
		if _, _, err := Decode(b); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTag) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func compress(t *testing.T, plain []byte, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	out.Write(binary.BigEndian.AppendUint32([]byte{version, tagCompressed}, uint32(size)))
	z := zlib.NewWriter(&out)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestAtomsAreForgotten: however many atoms arrive, a Decoder does not grow.
func TestAtomsAreForgotten(t *testing.T) {
	d := NewDecoder(DecoderOptions{})
	atom := []byte{version, tagSmallAtomUTF8, 8, 0, 0, 0, 0, 0, 0, 0, 0}
	feed := func(n int) {
		for i := range n {
			for j := range 8 {
				atom[3+j] = 'a' + byte(i>>(2*j))&0xf
			}
			if _, _, err := d.Decode(atom); err != nil {
				t.Fatal(err)
			}
		}
	}
	feed(1000)
	before := heap()
	feed(200_000)
	if after := heap(); after > before+256<<10 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	runtime.KeepAlive(d)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
