// Package codec looks into payloads just far enough to forward them: where
// frames begin, which are key frames, and VP8's picture numbers, which must
// not jump when a subscriber is switched from one variant to another.
package codec

import (
	"strings"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// Parser fills what a payload says of its frame. Payloads that make no sense
// are no key frames.
type Parser func(payload []byte) rtp.Frame

// For finds the parser of a codec by its name in SDP, in any case. A codec
// without one (sound) can be begun with any packet.
func For(name string) Parser {
	switch strings.ToUpper(name) {
	case "VP8":
		return ParseVP8
	case "VP9":
		return ParseVP9
	case "H264":
		return ParseH264
	case "H265":
		return ParseH265
	case "AV1":
		return ParseAV1
	}
	return always
}

func always([]byte) rtp.Frame { return rtp.Frame{Start: true, KeyFrame: true} }
