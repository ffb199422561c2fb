package epmd

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRequest gives any bytes, cut into any two pieces and also byte by byte,
// to the server's side: the pieces must not matter, and what decodes must
// encode to something that decodes to the same.
func FuzzRequest(f *testing.F) {
	f.Add(aliveRequest("f1"), 3)
	f.Add(packet("zf1\x00"), 1)
	f.Add(packet("n"), 2)
	f.Add(packet("sf1"), 0)
	f.Add([]byte{0, 0}, 1)
	f.Add(packet("x\x12\x67M\x00\x00\x05\x00\x05\xff\xffgurka"), 9)
	f.Add(packet("x\x12\x67M\x00\x00\x05\x00\x05\x00\x05gurka\xff\xff"), 12)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if len(b) >= headerSize { // one packet, without what follows it
			b = b[:min(len(b), headerSize+(int(b[0])<<8|int(b[1])))]
		}
		cut = max(0, min(cut, len(b)))
		one, errOne := assemble(b, nil)
		two, errTwo := assemble(b, []int{max(cut, 1), max(len(b)-cut, 1)})
		if !bytes.Equal(one, two) || (errOne == nil) != (errTwo == nil) {
			t.Fatalf("pieces matter: %q %v, %q %v", one, errOne, two, errTwo)
		}
		request, err := DecodeRequest(one)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if request.Name == "" && request.Entry.Name == "" {
			return // decodes only from what is longer than it encodes to
		}
		again, err := DecodeRequest(AppendRequest(nil, request)[headerSize:])
		if err != nil {
			t.Fatalf("%+v: %v", request, err)
		}
		if diff := cmp.Diff(request, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzReply gives any bytes to the client's side: nothing may panic, and an
// answer that is complete must be complete with its bytes coming one by one.
func FuzzReply(f *testing.F) {
	f.Add([]byte("v\x00\x01\x02\x03\x04"))
	f.Add([]byte("y\x00\x00\x03"))
	f.Add([]byte("w\x01"))
	f.Add(appendPortReply(nil, &Entry{Name: "f1", Port: 9000, Extra: []byte("e")}))
	f.Add([]byte("\x00\x00\x11\x11name a at port 1\nname b at port 99999\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, decodeAliveReply)
		same(t, b, decodePortReply)
		if _, entries, err := decodeNames(b); err == nil {
			for _, e := range entries {
				line := bytes.TrimSuffix(appendNameLine(nil, e), []byte{'\n'})
				if back, ok := decodeNameLine(line); !ok || back != e {
					t.Fatalf("line %q", line)
				}
			}
		}
	})
}

// same decodes the growing prefixes of b: the first that is complete must give
// what the whole gives.
func same[T any](t *testing.T, b []byte, decode func([]byte) (T, error)) {
	want, wantErr := decode(b)
	for n := range len(b) + 1 {
		got, err := decode(b[:n])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			continue
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%d of %q: %v, whole: %v", n, b, err, wantErr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		return
	}
}
