package dist

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Messages of the handshake (OTP, Distribution Protocol, "Distribution
// Handshake"), without their two bytes of length.

// maxHandshakeMessage bounds a received message: a name has at most 1020 bytes.
const maxHandshakeMessage = 2048

// maxNodeName is the greatest length of a node name in bytes: 255 characters.
const maxNodeName = 1020

// Tags of handshake messages.
const (
	tagName       = 'N' // send_name and challenge of version 6
	tagOldName    = 'n' // send_name of version 5
	tagStatus     = 's'
	tagComplement = 'c'
	tagReply      = 'r'
	tagAck        = 'a'
)

// hello is a send_name.
type hello struct {
	old      bool // version 5: low flags only, no creation; a complement follows
	flags    Flags
	creation uint32
	name     string
}

func (h hello) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(append(b, tagName), uint64(h.flags))
	b = binary.BigEndian.AppendUint32(b, h.creation)
	return appendName(b, h.name)
}

func parseHello(b []byte) (h hello, err error) {
	switch {
	case len(b) >= 15 && b[0] == tagName:
		h.flags = Flags(binary.BigEndian.Uint64(b[1:]))
		h.creation = binary.BigEndian.Uint32(b[9:])
		h.name, err = parseName(b[13:])
		return h, err
	case len(b) > 7 && b[0] == tagOldName && binary.BigEndian.Uint16(b[1:]) == 5:
		h.old = true
		h.flags = Flags(binary.BigEndian.Uint32(b[3:]))
		h.name = string(b[7:])
		return h, nil
	}
	return h, fmt.Errorf("send_name: %w", ErrBadHandshake)
}

// challenge is the acceptor's answer to a send_name.
type challenge struct {
	flags     Flags
	challenge uint32
	creation  uint32
	name      string
}

func (c challenge) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(append(b, tagName), uint64(c.flags))
	b = binary.BigEndian.AppendUint32(b, c.challenge)
	b = binary.BigEndian.AppendUint32(b, c.creation)
	return appendName(b, c.name)
}

func parseChallenge(b []byte) (c challenge, err error) {
	if len(b) < 19 || b[0] != tagName {
		return c, fmt.Errorf("challenge: %w", ErrBadHandshake)
	}
	c.flags = Flags(binary.BigEndian.Uint64(b[1:]))
	c.challenge = binary.BigEndian.Uint32(b[9:])
	c.creation = binary.BigEndian.Uint32(b[13:])
	c.name, err = parseName(b[17:])
	return c, err
}

func appendStatus(b []byte, s Status) []byte { return append(append(b, tagStatus), s...) }

func parseStatus(b []byte) (Status, error) {
	if len(b) < 2 || b[0] != tagStatus {
		return "", fmt.Errorf("status: %w", ErrBadHandshake)
	}
	return Status(b[1:]), nil
}

// statusNamed begins a status that carries the name invented for the dialling side.
const statusNamed = "named:"

func appendNamed(b []byte, name string, creation uint32) []byte {
	b = appendName(appendStatus(b, statusNamed), name)
	return binary.BigEndian.AppendUint32(b, creation)
}

// parseNamed reads a status that begins with statusNamed.
func parseNamed(s Status) (name string, creation uint32, err error) {
	b := []byte(strings.TrimPrefix(string(s), statusNamed))
	if name, err = parseName(b); err != nil {
		return "", 0, err
	}
	if b = b[2+len(name):]; len(b) < 4 || !validNodeName(name) {
		return "", 0, fmt.Errorf("status %s: %w", statusNamed, ErrBadHandshake)
	}
	return name, binary.BigEndian.Uint32(b), nil
}

func appendComplement(b []byte, flags Flags, creation uint32) []byte {
	b = binary.BigEndian.AppendUint32(append(b, tagComplement), uint32(flags>>32))
	return binary.BigEndian.AppendUint32(b, creation)
}

func parseComplement(b []byte) (high Flags, creation uint32, err error) {
	if len(b) < 9 || b[0] != tagComplement {
		return 0, 0, fmt.Errorf("complement: %w", ErrBadHandshake)
	}
	return Flags(binary.BigEndian.Uint32(b[1:])) << 32, binary.BigEndian.Uint32(b[5:]), nil
}

func appendReply(b []byte, challenge uint32, digest [16]byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, tagReply), challenge)
	return append(b, digest[:]...)
}

func parseReply(b []byte) (challenge uint32, digest [16]byte, err error) {
	if len(b) < 21 || b[0] != tagReply {
		return 0, digest, fmt.Errorf("challenge reply: %w", ErrBadHandshake)
	}
	return binary.BigEndian.Uint32(b[1:]), [16]byte(b[5:21]), nil
}

func appendAck(b []byte, digest [16]byte) []byte { return append(append(b, tagAck), digest[:]...) }

func parseAck(b []byte) (digest [16]byte, err error) {
	if len(b) < 17 || b[0] != tagAck {
		return digest, fmt.Errorf("challenge ack: %w", ErrBadHandshake)
	}
	return [16]byte(b[1:17]), nil
}

func appendName(b []byte, name string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(name))), name...)
}

// parseName reads a name with its length; bytes after it are ignored, as the
// protocol demands.
func parseName(b []byte) (string, error) {
	if len(b) < 2 {
		return "", fmt.Errorf("name: %w", ErrBadHandshake)
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-2 {
		return "", fmt.Errorf("name of %d bytes: %w", n, ErrBadHandshake)
	}
	return string(b[2 : 2+n]), nil
}

// validNodeName says whether name is alive@host with both parts.
func validNodeName(name string) bool {
	alive, host, ok := strings.Cut(name, "@")
	return ok && validNamePart(alive) && validNamePart(host) && len(name) <= maxNodeName &&
		utf8.RuneCountInString(name) <= 255
}

func validNamePart(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '@' || r < ' ' || r == 0x7f
	})
}
