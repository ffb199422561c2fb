package epmd

import (
	"encoding/binary"
	"fmt"
)

// entryFixed is the size of an entry with empty name and extra fields.
const entryFixed = aliveFixed - 1

// appendEntry appends the form that ALIVE2 and PORT2 share: port:16 type:8
// protocol:8 high:16 low:16 nlen:16 name elen:16 extra.
func appendEntry(b []byte, e Entry) []byte {
	b = binary.BigEndian.AppendUint16(b, e.Port)
	b = append(b, byte(e.Type), e.Protocol)
	b = binary.BigEndian.AppendUint16(b, e.High)
	b = binary.BigEndian.AppendUint16(b, e.Low)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Name)))
	b = append(b, e.Name...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Extra)))
	return append(b, e.Extra...)
}

// decodeEntry decodes an entry from the start of b; what follows it is left
// alone. A length that runs past the end is malformed.
func decodeEntry(b []byte) (Entry, error) {
	if len(b) < entryFixed {
		return Entry{}, fmt.Errorf("%w: entry of %d bytes", ErrMalformed, len(b))
	}
	e := Entry{
		Port:     binary.BigEndian.Uint16(b),
		Type:     NodeType(b[2]),
		Protocol: b[3],
		High:     binary.BigEndian.Uint16(b[4:]),
		Low:      binary.BigEndian.Uint16(b[6:]),
	}
	name, rest, ok := cutField(b[8:])
	if !ok {
		return Entry{}, fmt.Errorf("%w: length of the name", ErrMalformed)
	}
	extra, _, ok := cutField(rest)
	if !ok {
		return Entry{}, fmt.Errorf("%w: length of the extra field", ErrMalformed)
	}
	e.Name = string(name)
	e.Extra = append(e.Extra, extra...)
	return e, nil
}

// cutField splits a field with a 16 bit length in front off b.
func cutField(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	end := 2 + int(binary.BigEndian.Uint16(b))
	if end > len(b) {
		return nil, nil, false
	}
	return b[2:end], b[end:], true
}
