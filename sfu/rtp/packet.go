package rtp

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
)

// MaxSize is the size in bytes of the largest packet that is kept: an Ethernet
// frame's payload, rounded up.
const MaxSize = 1520

// HeaderSize is the size in bytes of an RTP header without CSRCs and
// extensions (RFC 3550 §5.1).
const HeaderSize = 12

// ErrMalformed says that bytes are no RTP packet.
var ErrMalformed = errors.New("malformed RTP packet")

// Packet is a datagram in a pooled buffer, and, once parsed, an RTP packet.
// Its fields are set by the publisher's media goroutine before anybody else
// sees it and not changed afterwards.
type Packet struct {
	pool *Pool
	refs atomic.Int32
	data [MaxSize]byte
	size int

	// Arrival is the monotonic time of reception in nanoseconds.
	Arrival int64

	// The header's fields, valid after Parse.
	PayloadType uint8
	Marker      bool
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32

	// Extended is Sequence without wrap-around and with the Epoch of its stream;
	// set by whoever unwraps it.
	Extended uint64
	// Frame is what the codec says of the payload.
	Frame Frame

	extensions span // without the profile word
	profile    uint16
	payload    span // without padding
}

// Frame is what forwarding wants to know of a payload; package codec fills it.
type Frame struct {
	Start    bool // first packet of a frame
	KeyFrame bool // the packet belongs to a key frame and begins it

	// VP8 only (RFC 7741 §4.2): offsets into the payload, 0: absent.
	PictureAt   uint8 // of the picture id
	PictureWide bool  // 15 bits, not 7
	TL0At       uint8 // of TL0PICIDX
	KeyIndexAt  uint8 // of the byte with KEYIDX
	PictureID   uint16
	TL0         uint8
	KeyIndex    uint8
}

type span struct{ from, to int }

// Buffer is the whole buffer, for reading a datagram into; SetSize follows.
func (p *Packet) Buffer() []byte { return p.data[:] }

// SetSize says how much of Buffer is used (0–MaxSize).
func (p *Packet) SetSize(n int) { p.size = min(max(n, 0), MaxSize) }

// Bytes is the whole packet.
func (p *Packet) Bytes() []byte { return p.data[:p.size] }

// Payload is the packet without header and padding.
func (p *Packet) Payload() []byte { return p.data[p.payload.from:p.payload.to] }

// HeaderLen is the size in bytes of the header with CSRCs and extensions.
func (p *Packet) HeaderLen() int { return p.payload.from }

// HeaderLength finds the size in bytes of the header of an RTP packet, with
// CSRCs and extensions.
func HeaderLength(b []byte) (int, error) {
	if len(b) < HeaderSize || b[0]>>6 != 2 {
		return 0, ErrMalformed
	}
	n := HeaderSize + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return 0, ErrMalformed
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(b[n+2:]))
	}
	if len(b) < n {
		return 0, ErrMalformed
	}
	return n, nil
}

// Parse reads the header of the packet in the buffer.
func (p *Packet) Parse() error {
	b := p.Bytes()
	n, err := HeaderLength(b)
	if err != nil {
		return err
	}
	p.extensions, p.profile = span{}, 0
	if b[0]&0x10 != 0 {
		at := HeaderSize + 4*int(b[0]&0x0f)
		p.profile = binary.BigEndian.Uint16(b[at:])
		p.extensions = span{at + 4, n}
	}
	end := len(b)
	if b[0]&0x20 != 0 {
		if end == n || int(b[end-1]) == 0 || int(b[end-1]) > end-n {
			return ErrMalformed
		}
		end -= int(b[end-1])
	}
	p.payload = span{n, end}
	p.Marker, p.PayloadType = b[1]&0x80 != 0, b[1]&0x7f
	p.Sequence = binary.BigEndian.Uint16(b[2:])
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	p.Frame = Frame{}
	return nil
}

// Set copies an RTP packet into the buffer and parses it: for publishers that
// do not read from the media socket.
func (p *Packet) Set(b []byte) error {
	if len(b) > MaxSize {
		return ErrMalformed
	}
	p.size = copy(p.data[:], b)
	return p.Parse()
}

// Restore turns a retransmission (RFC 4588 §4) into the packet it repeats:
// the sequence number is in the payload's first two bytes.
func (p *Packet) Restore(ssrc uint32, payloadType uint8) error {
	if p.payload.to-p.payload.from < 2 {
		return ErrMalformed // padding: a probe
	}
	n := p.payload.from
	original := binary.BigEndian.Uint16(p.data[n:])
	copy(p.data[n:], p.data[n+2:p.payload.to])
	p.size = p.payload.to - 2
	p.payload.to -= 2
	p.data[0] &^= 0x20
	p.data[1] = p.data[1]&0x80 | payloadType
	binary.BigEndian.PutUint16(p.data[2:], original)
	binary.BigEndian.PutUint32(p.data[8:], ssrc)
	p.PayloadType, p.Sequence, p.SSRC = payloadType, original, ssrc
	return nil
}
