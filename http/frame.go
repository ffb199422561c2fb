package httpapi

import "encoding/binary"

// frame makes a websocket frame of a server: final, binary, not masked (RFC
// 6455 §5.2). Servers mask nothing, so one frame serves any number of clients.
func frame(payload []byte) []byte {
	const finalBinary = 0x82
	b := make([]byte, 0, len(payload)+10)
	switch n := len(payload); {
	case n < 126:
		b = append(b, finalBinary, byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, finalBinary, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, finalBinary, 127), uint64(n))
	}
	return append(b, payload...)
}

// Control frames.
const (
	pingFrame      = "\x89\x00"         // without payload
	goingAwayFrame = "\x88\x02\x03\xe9" // close, closeGoingAway
)
