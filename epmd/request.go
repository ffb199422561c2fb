package epmd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Request is one decoded request.
type Request struct {
	Kind  Kind
	Name  string // of KindPort and KindStop
	Entry Entry  // of KindAlive
}

// DecodeRequest decodes the body of a request, without the length in front.
// An error wraps ErrMalformed: the server closes such a connection without an
// answer. A registration that is well-formed but unacceptable (see validEntry)
// is no error, it is answered.
func DecodeRequest(body []byte) (Request, error) {
	if len(body) == 0 {
		return Request{}, fmt.Errorf("%w: empty", ErrMalformed)
	}
	switch kind := Kind(body[0]); kind {
	case KindAlive:
		return decodeAlive(body)
	case KindPort:
		return decodePort(body)
	case KindStop:
		return decodeStop(body)
	case KindNames, KindDump, KindKill:
		return Request{Kind: kind}, nil
	default:
		return Request{}, fmt.Errorf("%w: kind %d", ErrMalformed, kind)
	}
}

// decodeAlive reads 'x' port:16 type:8 protocol:8 high:16 low:16 name extra,
// the last two with a 16 bit length each. More bytes may follow.
func decodeAlive(body []byte) (Request, error) {
	if len(body) <= aliveFixed {
		return Request{}, fmt.Errorf("%w: registration of %d bytes", ErrMalformed, len(body))
	}
	entry, err := decodeEntry(body[1:])
	if err != nil {
		return Request{}, err
	}
	if bytes.IndexByte([]byte(entry.Name), 0) >= 0 {
		return Request{}, fmt.Errorf("%w: NUL in a name", ErrMalformed)
	}
	return Request{Kind: KindAlive, Entry: entry}, nil
}

// decodePort tolerates one NUL after the name, as old clients send it.
func decodePort(body []byte) (Request, error) {
	name := bytes.TrimSuffix(body[1:], []byte{0})
	if bytes.IndexByte(name, 0) >= 0 || !validName(string(name)) {
		return Request{}, fmt.Errorf("%w: name to look up", ErrMalformed)
	}
	return Request{Kind: KindPort, Name: string(name)}, nil
}

// decodeStop takes the name up to the first NUL.
func decodeStop(body []byte) (Request, error) {
	if len(body) == 1 {
		return Request{}, fmt.Errorf("%w: no name to stop", ErrMalformed)
	}
	name, _, _ := bytes.Cut(body[1:], []byte{0})
	return Request{Kind: KindStop, Name: string(name)}, nil
}

// AppendRequest appends r in wire form, with the length in front. It does not
// check the fields; a name or extra field is at most 65535 bytes long.
func AppendRequest(b []byte, r Request) []byte {
	start := len(b)
	b = append(b, 0, 0, byte(r.Kind))
	switch r.Kind {
	case KindAlive:
		b = appendEntry(b, r.Entry)
	case KindPort, KindStop:
		b = append(b, r.Name...)
	}
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start-headerSize))
	return b
}

// validName reports whether s can be a registered name: UTF-8 of 1 to 255
// characters without NUL.
func validName(s string) bool {
	if s == "" || len(s) > maxNameBytes || !utf8.ValidString(s) {
		return false
	}
	return utf8.RuneCountInString(s) <= maxNameRunes && bytes.IndexByte([]byte(s), 0) < 0
}

// validEntry reports whether e can be registered, its name being free.
func validEntry(e Entry) bool {
	return validName(e.Name) && len(e.Extra) <= maxNameBytes
}
