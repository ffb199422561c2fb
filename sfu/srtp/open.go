package srtp

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// Errors of Open.
var (
	ErrForged   = errors.New("SRTP packet fails authentication")
	ErrReplayed = errors.New("SRTP packet replayed")
	ErrStreams  = errors.New("too many SRTP streams")
)

// maxStreams bounds the SSRCs of one connection.
const maxStreams = 256

// window is how many packets behind the newest one are still accepted.
const window = 512

// Opener opens what is received over one connection. It is for one goroutine.
type Opener struct {
	session *session
	work    scratch
	streams map[uint32]*received
}

// received is what is known of one SSRC.
type received struct {
	highest uint64 // roc<<16 | sequence
	seen    [window / 64]uint64
}

// NewOpener derives the session keys. Errors wrap ErrProfile.
func NewOpener(k Keys) (*Opener, error) {
	s, err := newSession(k)
	if err != nil {
		return nil, err
	}
	return &Opener{session: s, work: s.scratch(), streams: map[uint32]*received{}}, nil
}

// Open verifies and decrypts a packet in place, whose header is headerLen
// bytes long, and returns it without its tag. Errors: ErrForged, ErrReplayed,
// ErrStreams; the packet is of no use then.
func (o *Opener) Open(packet []byte, headerLen int) ([]byte, error) {
	ssrc, seq := binary.BigEndian.Uint32(packet[source:]), binary.BigEndian.Uint16(packet[sequence:])
	r := o.streams[ssrc]
	index := uint64(seq)
	if r != nil {
		index = r.guess(seq)
		if r.replayed(index) {
			return nil, ErrReplayed
		}
	} else if len(o.streams) >= maxStreams {
		return nil, ErrStreams
	}
	out, err := o.decrypt(packet, headerLen, uint32(index>>16))
	if err != nil {
		return nil, err
	}
	if r == nil { // only what is authentic takes memory
		r = &received{highest: index}
		o.streams[ssrc] = r
	}
	r.mark(index)
	return out, nil
}

func (o *Opener) decrypt(packet []byte, headerLen int, roc uint32) ([]byte, error) {
	header := packet[:headerLen:headerLen]
	if a := o.session.aead; a != nil {
		if len(packet) < headerLen+a.Overhead() {
			return nil, ErrForged
		}
		sealed := packet[headerLen:]
		plain, err := a.Open(sealed[:0], o.session.nonce(&o.work, header, roc), sealed, header)
		if err != nil {
			return nil, ErrForged
		}
		return packet[:headerLen+len(plain)], nil
	}
	if len(packet) < headerLen+shaTag {
		return nil, ErrForged
	}
	body, tag := packet[:len(packet)-shaTag], packet[len(packet)-shaTag:]
	if subtle.ConstantTimeCompare(tag, o.work.tag(body, roc)) != 1 {
		return nil, ErrForged
	}
	o.session.mask(&o.work, header, body[headerLen:], roc)
	return body, nil
}

// guess takes a sequence number for the nearest to the highest one.
func (r *received) guess(seq uint16) uint64 {
	index := int64(r.highest) + int64(int16(seq-uint16(r.highest)))
	if index < 0 {
		index += 1 << 16
	}
	return uint64(index)
}

func (r *received) replayed(index uint64) bool {
	if index > r.highest {
		return false
	}
	if r.highest-index >= window {
		return true
	}
	at := index % window
	return r.seen[at/64]&(1<<(at%64)) != 0
}

func (r *received) mark(index uint64) {
	for i := r.highest + 1; i <= index && i <= r.highest+window; i++ {
		at := i % window
		r.seen[at/64] &^= 1 << (at % 64)
	}
	r.highest = max(r.highest, index)
	at := index % window
	r.seen[at/64] |= 1 << (at % 64)
}
