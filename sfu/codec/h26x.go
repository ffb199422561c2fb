package codec

import (
	"encoding/binary"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// NAL unit types of H264 (RFC 6184 §5.2, H.264 table 7-1).
const (
	h264IDR   = 5
	h264SPS   = 7
	h264STAPA = 24
	h264FUA   = 28
)

// ParseH264 looks for the parameter set or IDR slice a key frame begins with.
// Browsers send the parameter sets in front of each IDR, in one packet.
func ParseH264(b []byte) rtp.Frame {
	if len(b) < 2 {
		return rtp.Frame{}
	}
	switch kind := b[0] & 0x1f; kind {
	case h264STAPA:
		for rest := b[1:]; len(rest) >= 3; {
			n := int(binary.BigEndian.Uint16(rest))
			if n == 0 || n > len(rest)-2 {
				return rtp.Frame{}
			}
			if k := rest[2] & 0x1f; k == h264SPS || k == h264IDR {
				return rtp.Frame{Start: true, KeyFrame: true}
			}
			rest = rest[2+n:]
		}
		return rtp.Frame{Start: true}
	case h264FUA:
		first := b[1]&0x80 != 0
		return rtp.Frame{Start: first, KeyFrame: first && b[1]&0x1f == h264SPS}
	default:
		return rtp.Frame{Start: true, KeyFrame: kind == h264SPS}
	}
}

// NAL unit types of H265 (RFC 7798 §1.1.4, H.265 table 7-1).
const (
	h265IRAPFirst = 16
	h265IRAPLast  = 21
	h265VPS       = 32
	h265SPS       = 33
	h265AP        = 48
	h265FU        = 49
)

func h265Key(kind byte) bool {
	return kind == h265VPS || kind == h265SPS || (kind >= h265IRAPFirst && kind <= h265IRAPLast)
}

// ParseH265 looks for the parameter set or picture a key frame begins with
// (RFC 7798 §4.4).
func ParseH265(b []byte) rtp.Frame {
	if len(b) < 3 {
		return rtp.Frame{}
	}
	kind := b[0] >> 1 & 0x3f
	switch kind {
	case h265AP:
		if len(b) < 5 {
			return rtp.Frame{}
		}
		return rtp.Frame{Start: true, KeyFrame: h265Key(b[4] >> 1 & 0x3f)}
	case h265FU:
		first := b[2]&0x80 != 0
		return rtp.Frame{Start: first, KeyFrame: first && h265Key(b[2]&0x3f)}
	}
	return rtp.Frame{Start: true, KeyFrame: h265Key(kind)}
}
