package epmd

import (
	"encoding/binary"
	"fmt"
)

// assembler puts one request together from what the network delivers. Its
// buffer has a fixed size, so a claimed length costs nothing.
type assembler struct {
	buf [maxPacket]byte
	got int
}

// space is where the next bytes go. Until the length is known it is the whole
// rest of the buffer, later it ends with the request.
func (a *assembler) space() []byte {
	if want := a.want(); want > 0 && want <= len(a.buf) {
		return a.buf[a.got:want]
	}
	return a.buf[a.got:]
}

func (a *assembler) want() int {
	if a.got < headerSize {
		return 0
	}
	return headerSize + int(binary.BigEndian.Uint16(a.buf[:]))
}

// added says that n bytes were put into space. It returns the body of the
// request once that is complete, nil before. A request that is empty, longer
// than 3057 bytes, or followed by more bytes is malformed.
func (a *assembler) added(n int) ([]byte, error) {
	a.got += n
	want := a.want()
	switch {
	case want == 0:
		return nil, nil
	case want == headerSize || want > maxPacket:
		return nil, fmt.Errorf("%w: length %d", ErrMalformed, want-headerSize)
	case a.got > want:
		return nil, fmt.Errorf("%w: %d bytes more than its length says", ErrMalformed, a.got-want)
	case a.got < want:
		return nil, nil
	}
	return a.buf[headerSize:want], nil
}
