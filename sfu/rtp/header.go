package rtp

import "encoding/binary"

// Header is the header of a packet that is sent.
type Header struct {
	PayloadType uint8
	Marker      bool
	Padding     bool
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32

	// TransportID is the id (1–14) of the transport-wide sequence number's
	// extension, 0: none, and TransportSequence its value
	// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2).
	TransportID       uint8
	TransportSequence uint16
}

// MaxHeader is the size in bytes of the largest header that Append writes.
const MaxHeader = HeaderSize + 8

// Append writes the header behind dst.
func (h Header) Append(dst []byte) []byte {
	first := byte(0x80)
	if h.Padding {
		first |= 0x20
	}
	if h.TransportID != 0 {
		first |= 0x10
	}
	second := h.PayloadType & 0x7f
	if h.Marker {
		second |= 0x80
	}
	dst = append(dst, first, second)
	dst = binary.BigEndian.AppendUint16(dst, h.Sequence)
	dst = binary.BigEndian.AppendUint32(dst, h.Timestamp)
	dst = binary.BigEndian.AppendUint32(dst, h.SSRC)
	if h.TransportID == 0 {
		return dst
	}
	dst = append(dst, 0xBE, 0xDE, 0, 1, h.TransportID<<4|1)
	dst = binary.BigEndian.AppendUint16(dst, h.TransportSequence)
	return append(dst, 0)
}
