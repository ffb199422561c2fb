// Package srtp protects and opens RTP packets (RFC 3711, RFC 7714) the way
// forwarding wants it: one Sealer per connection holds the keys, one Stream
// per SSRC the little that changes, and packets are sealed in place behind
// each other in one buffer, without allocation. RTCP is not its business.
package srtp
