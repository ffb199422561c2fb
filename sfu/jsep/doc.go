// Package jsep reads the offers of clients and writes the answers to them
// (RFC 8829, RFC 8866), the way the SDKs of Fishjam expect them: one BUNDLE,
// ICE-lite, the client sends or receives on an m-line but never both, and
// exactly one codec on each.
//
// Codecs of what a client publishes: in a room with a codec, that one, H264
// only in profiles that every browser decodes. Without, the first offered of
// VP8 and H264; VP9, AV1 and H265 pass through, without simulcast, when the
// client lists one of them first or offers neither of the two. What a
// subscriber does not offer it does not get: its m-line is inactive.
package jsep

import "errors"

// Limits of an offer.
const (
	maxLines      = 512 // m-lines
	maxCodecs     = 128 // per m-line
	maxExtensions = 64  // per m-line
)

// Errors of offers.
var (
	ErrMalformed = errors.New("malformed offer")
	ErrTooMany   = errors.New("too many m-lines")
	ErrNoCodec   = errors.New("no common codec")
)

// Header extensions that are used (RFC 8843 §15, RFC 8852, RFC 6464,
// draft-holmer-rmcat-transport-wide-cc-extensions-01).
const (
	ExtMid         = "urn:ietf:params:rtp-hdrext:sdes:mid"
	ExtRID         = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	ExtRepairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	ExtAudioLevel  = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	ExtTransport   = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)
