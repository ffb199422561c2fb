// Package token makes and checks peer tokens: those of Phoenix.Token
// (plug_crypto 2.0), so that nodes of Fjord and Fishjam with the same secret
// accept each other's.
//
// A token is "SFMyNTY", payload and HMAC-SHA256 signature, joined by dots, the
// last two in base64. The payload is an Erlang external term: {#{peer_id =>
// Peer, room_id => Room}, SignedAtMilliseconds, MaxAgeSeconds}. A token is
// good for 24 hours, for any number of connections.
package token

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxAge is how long a token is good.
const MaxAge = 24 * time.Hour

// Errors of Verify.
var (
	ErrInvalid = errors.New("invalid token")
	ErrExpired = errors.New("expired token")
)

const (
	header     = "SFMyNTY" // HS256 in base64
	iterations = 1000
	keyLength  = 32       // bytes
	maxToken   = 64 << 10 // bytes; ours have 200 and the room's id
)

// Claims are whose token it is.
type Claims struct {
	Room string
	Peer string
}

// Signer makes and checks the tokens of one secret.
type Signer struct{ key []byte }

// New derives the key from FJ_SECRET_KEY_BASE, which is both password and
// salt, as in the original.
func New(secret string) (*Signer, error) {
	key, err := pbkdf2.Key(sha256.New, secret, []byte(secret), iterations, keyLength)
	if err != nil {
		return nil, fmt.Errorf("derive the key of peer tokens: %w", err)
	}
	return &Signer{key}, nil
}

// Sign makes a token as of now.
func (s *Signer) Sign(c Claims, now time.Time) string { return s.sign(encode(c, now.UnixMilli())) }

func (s *Signer) sign(payload []byte) string {
	signed := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(s.mac(signed))
}

// Verify says whose token it is. ErrInvalid, ErrExpired. The time it takes
// does not depend on how much of a forged signature is right.
func (s *Signer) Verify(token string, now time.Time) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 || parts[0] != header {
		return Claims{}, ErrInvalid
	}
	mac, err := unbase64(parts[2])
	if err != nil || !hmac.Equal(mac, s.mac(parts[0]+"."+parts[1])) {
		return Claims{}, ErrInvalid
	}
	payload, err := unbase64(parts[1])
	if err != nil {
		return Claims{}, ErrInvalid
	}
	c, signedAt, err := decode(payload)
	if err != nil {
		return Claims{}, ErrInvalid
	}
	if now.UnixMilli() > signedAt+MaxAge.Milliseconds() {
		return Claims{}, ErrExpired
	}
	return c, nil
}

func (s *Signer) mac(signed string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(signed))
	return h.Sum(nil)
}

// unbase64 takes padding or none.
func unbase64(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}
