package cluster

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// maxPacket is the size of the largest packet that is read.
const maxPacket = 2048

// heartbeat begins each packet of libcluster's gossip; #{node => Name} in the
// external term format follows.
const heartbeat = "heartbeat::"

var errPacket = errors.New("not a packet of libcluster's gossip")

// gossipCodec makes and reads packets. With a secret they are encrypted:
// 16 bytes of initialization vector, then AES-256-CBC with PKCS #7 padding under
// the SHA-256 of the secret.
type gossipCodec struct{ block cipher.Block } // nil: plain

func newGossipCodec(secret string) gossipCodec {
	if secret == "" {
		return gossipCodec{}
	}
	key := sha256.Sum256([]byte(secret))
	block, err := aes.NewCipher(key[:])
	if err != nil { // cannot be: the key has 32 bytes
		return gossipCodec{}
	}
	return gossipCodec{block}
}

func (c gossipCodec) encode(name string) ([]byte, error) {
	term, err := etf.Encode(etf.Map{{Key: etf.Atom("node"), Value: etf.Atom(name)}})
	if err != nil {
		return nil, err
	}
	plain := append([]byte(heartbeat), term...)
	if c.block == nil {
		return plain, nil
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(padding)}, padding)...)
	packet := make([]byte, aes.BlockSize+len(plain))
	if _, err := rand.Read(packet[:aes.BlockSize]); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(c.block, packet[:aes.BlockSize]).CryptBlocks(packet[aes.BlockSize:], plain)
	return packet, nil
}

// decode gives the node's name.
func (c gossipCodec) decode(packet []byte) (string, error) {
	plain, err := c.open(packet)
	if err != nil {
		return "", err
	}
	rest, ok := bytes.CutPrefix(plain, []byte(heartbeat))
	if !ok {
		return "", errPacket
	}
	term, _, err := etf.Decode(rest)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errPacket, err)
	}
	m, _ := term.(etf.Map)
	name, _ := field(m, "node").(etf.Atom)
	if _, err := node.ParseName(string(name)); err != nil {
		return "", fmt.Errorf("%w: %w", errPacket, err)
	}
	return string(name), nil
}

// open decrypts.
func (c gossipCodec) open(packet []byte) ([]byte, error) {
	if c.block == nil {
		return packet, nil
	}
	if len(packet) < 2*aes.BlockSize || len(packet)%aes.BlockSize != 0 {
		return nil, errPacket
	}
	plain := make([]byte, len(packet)-aes.BlockSize)
	cipher.NewCBCDecrypter(c.block, packet[:aes.BlockSize]).CryptBlocks(plain, packet[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, errPacket
	}
	for _, b := range plain[len(plain)-padding:] {
		if int(b) != padding {
			return nil, errPacket
		}
	}
	return plain[:len(plain)-padding], nil
}
