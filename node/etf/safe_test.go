package etf

import (
	"bytes"
	"errors"
	"testing"
)

// The payloads of Phoenix tokens: measured with a real server (OTP 25 form),
// in the form of OTP 27, and the other shapes that its verifier takes.
const (
	tokenOTP25 = "8368037400000002640007706565725f69646d0000002432643633363763642d643238322d343233652d616662312d30363031623639" +
		"6639316162640007726f6f6d5f69646d00000006726f6f6d2d316e06000068e5cf8b016200015180"
	tokenOTP27 = "83680374000000027707706565725f69646d00000001707707726f6f6d5f69646d00000001726e06000068e5cf8b016200015180"
)

func TestDecodeSafeToken(t *testing.T) {
	for _, c := range []struct {
		name, hex, peer, room string
	}{
		{"OTP 25", tokenOTP25, "2d6367cd-d282-423e-afb1-0601b69f91ab", "room-1"},
		{"OTP 27", tokenOTP27, "p", "r"},
	} {
		raw := unhex(t, c.hex)
		got, err := DecodeSafe(raw)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		want := Tuple{M(Atom("peer_id"), c.peer, Atom("room_id"), c.room), int64(1700000000000), 86400}
		if !Equal(got, want) {
			t.Errorf("%s: %s", c.name, String(got))
		}
		// The order of the keys is kept, so a minted token has the same bytes.
		if b, err := Encode(want); c.name == "OTP 27" && (err != nil || !bytes.Equal(b, raw)) {
			t.Errorf("%s: encodes as %x, %v", c.name, b, err)
		}
	}
}

func TestDecodeSafeRefuses(t *testing.T) {
	deep := List{}
	for range safeDepth + 1 {
		deep = List{deep}
	}
	enc := func(term Term) []byte {
		b, err := Encode(term)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		err  error
	}{
		{"fun", enc(List{Fun{Module: "m", Pid: Pid{Node: "a@b"}}}), ErrUnsafe},
		{"export", enc(Tuple{Export{"erlang", "halt", 0}}), ErrUnsafe},
		{"opaque", enc(Opaque{1}), ErrUnsafe},
		{"compressed", compress(t, []byte{tagNil}, 1), ErrUnsafe},
		{"too deep", enc(deep), ErrTooDeep},
		{"too many", enc(make2(safeElements + 1)), ErrTooLarge},
		{"too long", enc(make([]byte, safeBytes)), ErrTooLarge},
		{"more after it", append(enc(OK), 0), ErrMalformed},
		{"key twice", unhex(t, "83 74 00000002 6101 6a 6101 6a"), ErrDuplicateKey},
		{"key twice, written differently", unhex(t, "83 74 00000002 6101 6a 62 00000001 6a"), ErrDuplicateKey},
		{"empty", nil, ErrTruncated},
	} {
		if _, err := DecodeSafe(c.b); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
	if _, err := DecodeSafe(enc(make2(safeElements))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func make2(n int) List {
	l := make(List, n)
	for i := range l {
		l[i] = OK
	}
	return l
}
