package srtp

import "encoding/binary"

// Sealer protects what is sent over one connection.
type Sealer struct{ session *session }

// NewSealer derives the session keys. Errors wrap ErrProfile.
func NewSealer(k Keys) (*Sealer, error) {
	s, err := newSession(k)
	if err != nil {
		return nil, err
	}
	return &Sealer{session: s}, nil
}

// Stream protects the packets of one SSRC. Its owner serialises the calls.
type Stream struct {
	session *session
	work    scratch
	begun   bool
	highest uint16
	roc     uint32
}

// Stream makes the stream of one SSRC. There must never be two of one SSRC
// under one Sealer: they would use a nonce twice.
func (s *Sealer) Stream() *Stream {
	return &Stream{session: s.session, work: s.session.scratch()}
}

// Seal protects the packet that begins at offset from in buffer, whose header
// is headerLen bytes long, in place, and returns the buffer with the packet's
// tag appended. A sequence number must not be sealed twice. Spare capacity of
// Overhead bytes avoids an allocation.
func (t *Stream) Seal(buffer []byte, from, headerLen int) []byte {
	packet := buffer[from:]
	roc := t.rollover(binary.BigEndian.Uint16(packet[sequence:]))
	header, payload := packet[:headerLen:headerLen], packet[headerLen:]
	if s := t.session; s.aead != nil {
		sealed := s.aead.Seal(payload[:0], s.nonce(&t.work, header, roc), payload, header)
		if cap(buffer)-len(buffer) >= s.aead.Overhead() {
			return buffer[:from+headerLen+len(sealed)]
		}
		return append(buffer[:from+headerLen], sealed...)
	}
	t.session.mask(&t.work, header, payload, roc)
	return append(buffer, t.work.tag(packet, roc)...)
}

// rollover counts the wraps of the sequence number (RFC 3711 §3.3.1).
func (t *Stream) rollover(seq uint16) uint32 {
	if !t.begun {
		t.begun, t.highest = true, seq
		return t.roc
	}
	diff := int16(seq - t.highest)
	switch {
	case diff > 0:
		if seq < t.highest {
			t.roc++
		}
		t.highest = seq
		return t.roc
	case seq > t.highest: // late, from before the wrap
		return t.roc - 1
	}
	return t.roc
}
