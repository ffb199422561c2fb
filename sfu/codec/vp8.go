package codec

import (
	"encoding/binary"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// ParseVP8 reads the payload descriptor (RFC 7741 §4.2) and the frame's first
// byte (§4.3).
func ParseVP8(b []byte) rtp.Frame {
	var f rtp.Frame
	if len(b) == 0 {
		return f
	}
	at := 1
	if b[0]&0x80 != 0 { // X
		var ok bool
		if at, ok = extendVP8(b, &f); !ok {
			return rtp.Frame{}
		}
	}
	f.Start = b[0]&0x10 != 0 && b[0]&0x07 == 0 // S, and PID 0
	f.KeyFrame = f.Start && len(b) > at && b[at]&0x01 == 0
	return f
}

// extendVP8 reads the optional fields and says where the frame begins.
func extendVP8(b []byte, f *rtp.Frame) (at int, ok bool) {
	if len(b) < 2 {
		return 0, false
	}
	flags := b[1]
	at = 2
	if flags&0x80 != 0 { // I
		if len(b) < at+1 {
			return 0, false
		}
		f.PictureAt, f.PictureWide = uint8(at), b[at]&0x80 != 0
		f.PictureID = uint16(b[at])
		at++
		if f.PictureWide {
			if len(b) < at+1 {
				return 0, false
			}
			f.PictureID = binary.BigEndian.Uint16(b[at-1:]) & 0x7fff
			at++
		}
	}
	if flags&0x40 != 0 { // L
		if len(b) < at+1 {
			return 0, false
		}
		f.TL0At, f.TL0 = uint8(at), b[at]
		at++
	}
	if flags&0x30 != 0 { // T or K
		if len(b) < at+1 {
			return 0, false
		}
		if flags&0x10 != 0 {
			f.KeyIndexAt, f.KeyIndex = uint8(at), b[at]&0x1f
		}
		at++
	}
	return at, true
}

// Shift is what is added to VP8's picture numbers.
type Shift struct {
	Picture  uint16
	TL0      uint8
	KeyIndex uint8
}

// ShiftVP8 rewrites the picture numbers of a payload in place. f is what
// ParseVP8 said of it.
func ShiftVP8(payload []byte, f rtp.Frame, s Shift) {
	if f.PictureAt > 0 {
		id := f.PictureID + s.Picture
		if f.PictureWide {
			binary.BigEndian.PutUint16(payload[f.PictureAt:], id|0x8000)
		} else {
			payload[f.PictureAt] = byte(id) & 0x7f
		}
	}
	if f.TL0At > 0 {
		payload[f.TL0At] = f.TL0 + s.TL0
	}
	if f.KeyIndexAt > 0 {
		payload[f.KeyIndexAt] = payload[f.KeyIndexAt]&0xe0 | (f.KeyIndex+s.KeyIndex)&0x1f
	}
}
