package token

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The golden token was made by the original.
const (
	goldenSecret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	goldenKey    = "cf63a132b85ec4d9b7d62ce726a88160f65903a8af83bae95022b71cb9fda5e5"
	goldenToken  = "SFMyNTY.g2gDdAAAAAJkAAdwZWVyX2lkbQAAACQyZDYzNjdjZC1kMjgyLTQyM2UtYWZiMS0wNjAxYjY5ZjkxYWJkAAdyb29tX2lkbQAAAAZy" +
		"b29tLTFuBgAAaOXPiwFiAAFRgA.qmRlnm7od4c4lxd3cblCf_mpO1SbhgX7M5we3zPdVn0"
)

var (
	golden   = Claims{Room: "room-1", Peer: "2d6367cd-d282-423e-afb1-0601b69f91ab"}
	goldenAt = time.UnixMilli(1700000000000)
)

func signer(t testing.TB, secret string) *Signer {
	t.Helper()
	s, err := New(secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGolden(t *testing.T) {
	s := signer(t, goldenSecret)
	if got := hex.EncodeToString(s.key); got != goldenKey {
		t.Errorf("key %s", got)
	}
	if got := s.Sign(golden, goldenAt); got != goldenToken {
		t.Errorf("made %s", got)
	}
	for _, token := range []string{goldenToken, goldenToken + "="} {
		if c, err := s.Verify(token, goldenAt.Add(MaxAge)); c != golden || err != nil {
			t.Errorf("%v, %v", c, err)
		}
	}
	if _, err := s.Verify(goldenToken, goldenAt.Add(MaxAge+time.Millisecond)); !errors.Is(err, ErrExpired) {
		t.Error(err)
	}
	for name, token := range map[string]string{
		"empty": "", "dots": "..", "no dots": "SFMyNTY", "four parts": goldenToken + ".a", "header": "x" + goldenToken[1:],
		"payload": strings.Replace(goldenToken, "g2gD", "g2gC", 1), "signature": goldenToken[:len(goldenToken)-2] + "1" + goldenToken[len(goldenToken)-1:],
		"base64": goldenToken + "!", "long": goldenToken + strings.Repeat("=", 70000), "cut": goldenToken[:len(goldenToken)-4],
	} {
		if _, err := s.Verify(token, goldenAt); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := signer(t, "another").Verify(goldenToken, goldenAt); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

// signTerm signs any payload, given in hex.
func signTerm(t *testing.T, s *Signer, payload string) string {
	t.Helper()
	b, err := hex.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	return s.sign(b)
}

func TestPayloads(t *testing.T) {
	s := signer(t, goldenSecret)
	const (
		data   = "74000000027707706565725f69646d00000001707707726f6f6d5f69646d0000000172"
		extra  = "74000000037707706565725f69646d00000001706d00000001786c0000000161016a7707726f6f6d5f69646d0000000172"
		signed = "6e06000068e5cf8b01"
	)
	good := map[string]string{
		"OTP 27":     "836803" + data + signed + "6200015180",
		"two":        "836802" + data + signed,
		"legacy map": "837400000002" + "770464617461" + data + "77067369676e6564" + signed,
		"extra key":  "836803" + extra + signed + "6200015180",
	}
	for name, payload := range good {
		if c, err := s.Verify(signTerm(t, s, payload), goldenAt); c != (Claims{"r", "p"}) || err != nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	bad := map[string]string{
		"no term": "", "version only": "83", "version": "826101", "number": "836101", "trailing": good["two"] + "00", "one": "836801" + data,
		"no map": "8368026101" + signed, "atom time": "836802" + data + "770178", "no room": "83680274000000017707706565725f69646d0000000170" + signed,
		"huge": "8368027400ffffff", "fun": "83680270" + signed, "huge time": "836802" + data + "6e0900ffffffffffffffffff",
		"deep": "83" + strings.Repeat("6801", 40) + "6100", "not text": "83680274000000027707706565725f69646d00000001ff7707726f6f6d5f69646d0000000172" + signed,
	}
	for name, payload := range bad {
		if _, err := s.Verify(signTerm(t, s, payload), goldenAt); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	s := signer(t, goldenSecret)
	rapid.Check(t, func(r *rapid.T) {
		c := Claims{rapid.StringN(0, 300, 300).Draw(r, "room"), rapid.StringN(0, 300, 300).Draw(r, "peer")}
		at := time.UnixMilli(rapid.Int64Range(0, 1<<47).Draw(r, "at"))
		if got, err := s.Verify(s.Sign(c, at), at); got != c || err != nil {
			r.Fatalf("%v, %v", got, err)
		}
	})
}

func FuzzPayload(f *testing.F) {
	f.Add(encode(golden, goldenAt.UnixMilli()))
	f.Add([]byte("\x83h\x02t\x00\x00\x00\x00n\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x83l\x00\x00\x00\x01a\x01j"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, at, err := decode(payload)
		if err != nil {
			return
		}
		if again, atAgain, err := decode(encode(c, at&(1<<47-1))); err != nil || again != c || atAgain != at&(1<<47-1) {
			t.Errorf("%v became %v: %v", c, again, err)
		}
	})
}
