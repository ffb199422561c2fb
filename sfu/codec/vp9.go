package codec

import "github.com/fjord-media/fjord/sfu/rtp"

// ParseVP9 reads the payload descriptor's flags (RFC 9628 §4.2): a key frame
// is one that is not predicted from another frame (P is 0) nor from a lower
// layer.
func ParseVP9(b []byte) rtp.Frame {
	if len(b) == 0 {
		return rtp.Frame{}
	}
	start := b[0]&0x08 != 0 // B
	predicted, layered := b[0]&0x40 != 0, b[0]&0x20 != 0
	at := 1
	if b[0]&0x80 != 0 { // I
		if len(b) < 2 {
			return rtp.Frame{}
		}
		at = 2
		if b[1]&0x80 != 0 {
			at = 3
		}
	}
	if layered {
		if len(b) <= at {
			return rtp.Frame{}
		}
		spatial, dependent := b[at]>>1&0x07, b[at]&0x01 != 0
		predicted = predicted || dependent || spatial != 0
	}
	return rtp.Frame{Start: start, KeyFrame: start && !predicted}
}

// ParseAV1 reads the aggregation header (AV1 RTP payload §4.4): a coded video
// sequence begins where N is set.
func ParseAV1(b []byte) rtp.Frame {
	if len(b) < 2 {
		return rtp.Frame{}
	}
	start := b[0]&0x80 == 0 // Z: continues an OBU of the packet before
	return rtp.Frame{Start: start, KeyFrame: start && b[0]&0x08 != 0}
}
