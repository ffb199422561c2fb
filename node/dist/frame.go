package dist

import (
	"encoding/binary"
	"fmt"
)

// Bytes a frame of the connected phase begins with, after its length (OTP,
// External Term Format, "Distribution Header").
const (
	version       = 131
	typePass      = 112 // no header: terms follow, each with its version byte
	typeHeader    = 68  // one whole message
	typeFirst     = 69  // the first fragment of a message
	typeNext      = 70  // another fragment
	fragmentSize  = 64 << 10
	maxWhole      = 2 * fragmentSize // of messages that are not cut: peers put two fragments together slowly
	maxBody       = 1<<32 - 1<<20    // of one frame: its length has 32 bits, its head less than 1 MiB
	fragmentIDs   = 16               // bytes of sequence and fragment id
	maxFrameAtoms = 255
	longAtoms     = 1 // in the last nibble: lengths of new atoms have two bytes
	newEntry      = 8 // in an atom's nibble: its text follows
)

// frameKind says what a frame is.
type frameKind uint8

const (
	framePass frameKind = iota
	frameWhole
	frameFirst
	frameNext
)

// frame is a received frame, its header taken off.
type frame struct {
	kind     frameKind
	seq      uint64 // frameFirst, frameNext
	fragment uint64 // counts down to 1
	data     []byte
}

// parseFrame reads what a body, without its length, begins with, up to the
// atom references.
func parseFrame(b []byte) (f frame, err error) {
	if len(b) > 0 && b[0] == typePass {
		return frame{kind: framePass, data: b[1:]}, nil
	}
	if len(b) < 2 || b[0] != version {
		return f, fmt.Errorf("%w: unknown beginning", ErrFrame)
	}
	switch b[1] {
	case typeHeader:
		return frame{kind: frameWhole, data: b[2:]}, nil
	case typeFirst:
		f.kind = frameFirst
	case typeNext:
		f.kind = frameNext
	default:
		return f, fmt.Errorf("%w: unknown type %d", ErrFrame, b[1])
	}
	if len(b) < 2+fragmentIDs {
		return f, fmt.Errorf("%w: fragment cut short", ErrFrame)
	}
	f.seq = binary.BigEndian.Uint64(b[2:])
	f.fragment = binary.BigEndian.Uint64(b[10:])
	f.data = b[2+fragmentIDs:]
	return f, nil
}
