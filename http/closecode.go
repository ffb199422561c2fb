package httpapi

import "unicode/utf8"

// Close codes of RFC 6455 §7.4.1, and of its registry.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closeProtocol  = 1002 // frames that RFC 6455 forbids
	closeRefused   = 1003 // the kind of data cannot be accepted
	closeInternal  = 1011
	closeTryLater  = 1013
)

// maxReason is what fits into a close frame, in bytes.
const maxReason = 123

// closeReason cuts a reason so that it fits and stays text.
func closeReason(s string) string {
	if len(s) <= maxReason {
		return s
	}
	s = s[:maxReason]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
