package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// Profile is a protection profile by its DTLS number (RFC 5764 §4.1.2,
// RFC 7714 §14.2).
type Profile uint16

// The profiles that are supported.
const (
	AES128CMSHA1 Profile = 0x0001
	AEADAES128   Profile = 0x0007
)

// Label is what the keys are exported from DTLS under (RFC 5764 §4.2).
const Label = "EXTRACTOR-dtls_srtp"

const keySize = 16 // bytes; both profiles

// ErrProfile says that a profile is not supported or its keys are too short.
var ErrProfile = errors.New("SRTP profile")

// Keys are the master keys of one direction.
type Keys struct {
	Profile Profile
	Key     []byte // 16 bytes
	Salt    []byte // 12 bytes (AEAD) or 14
}

func (p Profile) saltSize() int {
	if p == AEADAES128 {
		return 12
	}
	return 14
}

// MaterialSize is how many bytes to export for both directions; 0 for a
// profile that is not supported.
func (p Profile) MaterialSize() int {
	if p != AEADAES128 && p != AES128CMSHA1 {
		return 0
	}
	return 2 * (keySize + p.saltSize())
}

// Split divides exported material into the keys of both directions
// (RFC 5764 §4.2).
func (p Profile) Split(material []byte) (client, server Keys, err error) {
	if n := p.MaterialSize(); n == 0 || len(material) != n {
		return client, server, fmt.Errorf("%w %#04x: %d bytes of keys", ErrProfile, uint16(p), len(material))
	}
	salts, n := material[2*keySize:], p.saltSize()
	client = Keys{Profile: p, Key: material[:keySize], Salt: salts[:n]}
	server = Keys{Profile: p, Key: material[keySize : 2*keySize], Salt: salts[n:]}
	return client, server, nil
}

// Labels of the key derivation (RFC 3711 §4.3.1).
const (
	labelKey  = 0
	labelAuth = 1
	labelSalt = 2
)

// derive computes a session key (RFC 3711 §4.3.3; RFC 7714 §11 extends the
// shorter salt with zeros).
func derive(k Keys, label byte, n int) ([]byte, error) {
	block, err := aes.NewCipher(k.Key)
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	copy(iv[:14], k.Salt)
	iv[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out, nil
}
