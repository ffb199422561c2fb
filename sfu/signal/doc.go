// Package signal translates media events between JSON and Go: the messages of
// Membrane's RTC engine, which Fishjam's and Jellyfish's clients speak over
// the peer socket. A media event is {"type": …, "data": {…}}; those that
// negotiate media are wrapped once more, in an event of type "custom".
//
// Decode is tolerant: it accepts what old and mobile SDKs send, absent fields
// included, and refuses only what has no meaning. Encode writes what all of
// them accept.
package signal

import "errors"

// MaxSize is the size in bytes of the largest media event that is accepted.
const MaxSize = 1 << 20

// Errors of Decode.
var (
	ErrMalformed = errors.New("malformed media event")
	ErrTooLarge  = errors.New("media event too large")
	ErrUnknown   = errors.New("unknown media event")
)
