package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
)

// Overhead is how many bytes protection adds at most.
const Overhead = 16

const (
	shaTag   = 10 // bytes of HMAC-SHA1 that are sent
	shaKey   = 20
	sequence = 2 // offset of the sequence number in the header
	source   = 8 // offset of the SSRC
)

// session holds the session keys of one direction.
type session struct {
	aead  cipher.AEAD  // AEAD profile
	block cipher.Block // CM profile
	auth  []byte       // CM profile
	salt  [14]byte
}

func newSession(k Keys) (*session, error) {
	if k.Profile.MaterialSize() == 0 || len(k.Key) != keySize || len(k.Salt) != k.Profile.saltSize() {
		return nil, fmt.Errorf("%w %#04x", ErrProfile, uint16(k.Profile))
	}
	key, err := derive(k, labelKey, keySize)
	if err != nil {
		return nil, err
	}
	salt, err := derive(k, labelSalt, k.Profile.saltSize())
	if err != nil {
		return nil, err
	}
	s := &session{}
	copy(s.salt[:], salt)
	if s.block, err = aes.NewCipher(key); err != nil {
		return nil, err
	}
	if k.Profile == AEADAES128 {
		s.aead, err = cipher.NewGCM(s.block)
		return s, err
	}
	s.auth, err = derive(k, labelAuth, shaKey)
	return s, err
}

// scratch is what one stream needs to protect a packet without allocating.
type scratch struct {
	nonce [12]byte
	iv    [aes.BlockSize]byte
	key   [aes.BlockSize]byte
	mac   hash.Hash // CM profile
	roc   [4]byte
	sum   [sha1.Size]byte
}

func (s *session) scratch() scratch {
	if s.auth == nil {
		return scratch{}
	}
	return scratch{mac: hmac.New(sha1.New, s.auth)}
}

// nonce computes the AEAD's nonce (RFC 7714 §8.1).
func (s *session) nonce(w *scratch, header []byte, roc uint32) []byte {
	w.nonce = [12]byte{}
	copy(w.nonce[2:6], header[source:source+4])
	binary.BigEndian.PutUint32(w.nonce[6:], roc)
	copy(w.nonce[10:], header[sequence:sequence+2])
	for i := range w.nonce {
		w.nonce[i] ^= s.salt[i]
	}
	return w.nonce[:]
}

// mask applies the CM profile's key stream (RFC 3711 §4.1.1). The counter mode
// of crypto/cipher would allocate.
func (s *session) mask(w *scratch, header, payload []byte, roc uint32) {
	w.iv = [aes.BlockSize]byte{}
	copy(w.iv[4:8], header[source:source+4])
	binary.BigEndian.PutUint32(w.iv[8:], roc)
	copy(w.iv[12:14], header[sequence:sequence+2])
	for i, b := range s.salt {
		w.iv[i] ^= b
	}
	for n := uint16(0); len(payload) > 0; n++ {
		binary.BigEndian.PutUint16(w.iv[14:], n)
		s.block.Encrypt(w.key[:], w.iv[:])
		payload = payload[subtle.XORBytes(payload, payload, w.key[:]):]
	}
}

// tag authenticates a protected packet (RFC 3711 §4.2.1).
func (w *scratch) tag(packet []byte, roc uint32) []byte {
	binary.BigEndian.PutUint32(w.roc[:], roc)
	w.mac.Reset()
	w.mac.Write(packet)
	w.mac.Write(w.roc[:])
	return w.mac.Sum(w.sum[:0])[:shaTag]
}
