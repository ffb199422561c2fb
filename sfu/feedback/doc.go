// Package feedback is what a receiver of RTP tells its sender: what is missing
// (NACK), how reception goes (receiver reports), and when each packet arrived
// (transport-wide congestion control). It counts and decides; sending is the
// caller's. Everything here belongs to one goroutine.
package feedback
