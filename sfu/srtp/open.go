package srtp

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"math"
)

// Errors of Open.
var (
	ErrForged   = errors.New("SRTP packet fails authentication")
	ErrReplayed = errors.New("SRTP packet replayed")
)

// maxStreams bounds the SSRCs of one connection that are remembered.
const maxStreams = 256

// window is how many packets behind the newest one are still accepted.
const window = 512

// Opener opens what is received over one connection. It is for one goroutine.
type Opener struct {
	session *session
	work    scratch
	streams map[uint32]*received
	opened  uint64 // packets
	spare   []byte
}

// received is what is known of one SSRC.
type received struct {
	highest uint64 // roc<<16 | sequence
	used    uint64 // Opener.opened at the newest packet
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
// bytes long, and returns it without its tag. Errors: ErrForged and
// ErrReplayed; the packet is of no use then.
func (o *Opener) Open(packet []byte, headerLen int) ([]byte, error) {
	ssrc, seq := binary.BigEndian.Uint32(packet[source:]), binary.BigEndian.Uint16(packet[sequence:])
	r := o.streams[ssrc]
	if r == nil {
		return o.begin(packet, headerLen, ssrc, seq)
	}
	index := r.guess(seq)
	if r.replayed(index) {
		return nil, ErrReplayed
	}
	out, err := o.decrypt(packet, headerLen, uint32(index>>16))
	if err != nil {
		return nil, err
	}
	o.note(r, index)
	return out, nil
}

// begin opens the first packet of an SSRC. A sender may begin with any number:
// when what it sent before the number wrapped is lost, its rollover counter is
// at 1 already, and only trying tells.
func (o *Opener) begin(packet []byte, headerLen int, ssrc uint32, seq uint16) ([]byte, error) {
	again := seq < 1<<15
	if again {
		o.spare = append(o.spare[:0], packet...) // a failure leaves nothing of the packet
	}
	index := uint64(seq)
	out, err := o.decrypt(packet, headerLen, 0)
	if err != nil && again {
		copy(packet, o.spare)
		index += 1 << 16
		out, err = o.decrypt(packet, headerLen, 1)
	}
	if err != nil {
		return nil, err
	}
	if len(o.streams) >= maxStreams {
		o.evict()
	}
	r := &received{highest: index} // only what is authentic takes memory
	o.streams[ssrc] = r
	o.note(r, index)
	return out, nil
}

// evict forgets the SSRC that was silent longest: clients that publish again
// and again take a new one each time.
func (o *Opener) evict() {
	var oldest uint32
	least := uint64(math.MaxUint64)
	for ssrc, r := range o.streams {
		if r.used < least {
			oldest, least = ssrc, r.used
		}
	}
	delete(o.streams, oldest)
}

// note counts an authentic packet.
func (o *Opener) note(r *received, index uint64) {
	o.opened++
	r.used = o.opened
	r.mark(index)
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
