package epmd

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDecodeRequest(t *testing.T) {
	t.Parallel()
	entry := func(name, extra string) Entry {
		e := Entry{Name: name, Port: 0x1267, Type: TypeNormal, High: 6, Low: 5}
		if extra != "" {
			e.Extra = []byte(extra)
		}
		return e
	}
	const head = "x\x12\x67M\x00\x00\x06\x00\x05"
	long := strings.Repeat("ä", 255)
	tests := []struct {
		name, body string
		want       Request
	}{
		{"register", head + "\x00\x01a\x00\x00", Request{Kind: KindAlive, Entry: entry("a", "")}},
		{"register with extra", head + "\x00\x01a\x00\x03b\x00c", Request{Kind: KindAlive, Entry: entry("a", "b\x00c")}},
		{"register, more bytes follow", head + "\x00\x01a\x00\x00more", Request{Kind: KindAlive, Entry: entry("a", "")}},
		{"register bad UTF-8", head + "\x00\x01\xff\x00\x00", Request{Kind: KindAlive, Entry: entry("\xff", "")}},
		{"look up", "zabc", Request{Kind: KindPort, Name: "abc"}},
		{"look up, NUL at the end", "zabc\x00", Request{Kind: KindPort, Name: "abc"}},
		{"look up 255 characters", "z" + long, Request{Kind: KindPort, Name: long}},
		{"names", "n", Request{Kind: KindNames}},
		{"names, more bytes follow", "nxyz", Request{Kind: KindNames}},
		{"dump", "d", Request{Kind: KindDump}},
		{"kill", "k", Request{Kind: KindKill}},
		{"stop", "sabc", Request{Kind: KindStop, Name: "abc"}},
		{"stop up to NUL", "sabc\x00def", Request{Kind: KindStop, Name: "abc"}},
	}
	for _, tt := range tests {
		got, err := DecodeRequest([]byte(tt.body))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestDecodeRequestMalformed(t *testing.T) {
	t.Parallel()
	const head = "x\x12\x67M\x00\x00\x06\x00\x05"
	tests := map[string]string{
		"empty":                    "",
		"unknown kind":             "a",
		"register, 13 bytes":       head + "\x00\x00\x00\x00",
		"name past the end":        head + "\x00\x05abc\x00",
		"name of 65535":            head + "\xff\xffabc",
		"extra past the end":       head + "\x00\x03abc\x00\x01",
		"extra of 65535":           head + "\x00\x01a\xff\xffb",
		"NUL in the name":          head + "\x00\x03a\x00b\x00\x00",
		"NUL at the name's end":    head + "\x00\x02a\x00\x00\x00",
		"look up nothing":          "z",
		"look up NUL":              "z\x00",
		"look up two NULs":         "za\x00\x00",
		"look up NUL inside":       "za\x00b",
		"look up bad UTF-8":        "z\xc3",
		"look up surrogate":        "z\xed\xa0\x80",
		"look up 256 characters":   "z" + strings.Repeat("a", 256),
		"look up 1020 odd bytes":   "z" + strings.Repeat("\xff", 1020),
		"stop nothing":             "s",
		"a registration's reply":   "y\x00\x00\x01",
		"a large registration's r": "v\x00\x00\x00\x00\x01",
	}
	for name, body := range tests {
		if got, err := DecodeRequest([]byte(body)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestValidName(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"": false, "a": true, "a\x00": false, "\xff": false, "😈": true,
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): false,
		strings.Repeat("😈", 255): true, strings.Repeat("😈", 256): false,
	}
	for name, want := range tests {
		if got := validName(name); got != want {
			t.Errorf("validName(%q) = %v", name, got)
		}
	}
}

func genName() *rapid.Generator[string] {
	return rapid.StringMatching(`[a-zA-Z0-9_äλ😈 -]{1,40}`)
}

func genEntry() *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		e := Entry{
			Name:     genName().Draw(t, "name"),
			Port:     rapid.Uint16().Draw(t, "port"),
			Type:     NodeType(rapid.Byte().Draw(t, "type")),
			Protocol: rapid.Byte().Draw(t, "protocol"),
			High:     rapid.Uint16().Draw(t, "high"),
			Low:      rapid.Uint16().Draw(t, "low"),
		}
		if extra := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "extra"); len(extra) > 0 {
			e.Extra = extra
		}
		return e
	})
}

func genRequest() *rapid.Generator[Request] {
	return rapid.Custom(func(t *rapid.T) Request {
		r := Request{Kind: rapid.SampledFrom(kinds()).Draw(t, "kind")}
		switch r.Kind {
		case KindAlive:
			r.Entry = genEntry().Draw(t, "entry")
		case KindPort, KindStop:
			r.Name = genName().Draw(t, "name")
		}
		return r
	})
}

func TestRequestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := genRequest().Draw(t, "request")
		b := AppendRequest(nil, want)
		body, err := assemble(b, rapid.SliceOfN(rapid.IntRange(1, 40), 0, 20).Draw(t, "splits"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeRequest(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// assemble feeds b to an assembler in pieces of the given sizes, then in
// pieces of one byte, until it has a request or an error.
func assemble(b []byte, sizes []int) ([]byte, error) {
	var a assembler
	for len(b) > 0 {
		size := 1
		if len(sizes) > 0 {
			size, sizes = sizes[0], sizes[1:]
		}
		n := copy(a.space(), b[:min(size, len(b))])
		b = b[n:]
		if body, err := a.added(n); body != nil || err != nil {
			return body, err
		}
	}
	return nil, nil
}

func TestAssembler(t *testing.T) {
	t.Parallel()
	whole := func(n int) []int { return []int{n} }
	largest := packet(strings.Repeat("z", maxPacket-headerSize))
	tests := []struct {
		name  string
		in    []byte
		sizes []int
		want  string
		fail  bool
	}{
		{"whole", packet("zabc"), whole(6), "zabc", false},
		{"byte by byte", packet("zabc"), nil, "zabc", false},
		{"length, then body", packet("zabc"), []int{2, 4}, "zabc", false},
		{"half a length", packet("zabc"), []int{1, 5}, "zabc", false},
		{"part", packet("zabc")[:5], whole(5), "", false},
		{"length only", packet("zabc")[:2], whole(2), "", false},
		{"zero", packet(""), whole(2), "", true},
		{"zero and more", make([]byte, 10), whole(10), "", true},
		{"one byte too many", append(packet("n"), 0), whole(4), "", true},
		{"one byte too many, late", append(packet("n"), 0), []int{3, 1}, "n", false},
		{"largest", largest, whole(len(largest)), string(largest[2:]), false},
		{"largest byte by byte", largest, nil, string(largest[2:]), false},
		{"too large", packet(strings.Repeat("z", maxPacket-headerSize+1)), whole(2), "", true},
		{"too large at once", packet(strings.Repeat("z", 63000)), whole(63002), "", true},
	}
	for _, tt := range tests {
		body, err := assemble(tt.in, tt.sizes)
		if string(body) != tt.want || (err != nil) != tt.fail {
			t.Errorf("%s: got %q, %v", tt.name, body, err)
		}
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v does not wrap ErrMalformed", tt.name, err)
		}
	}
}
