// Package transport carries media between the node and its clients: one UDP
// socket (and one TCP listener) for all of them, on which TURN, ICE-lite, DTLS
// and SRTP end. No Pion code writes to the socket but through this package,
// and none writes RTP at all.
package transport
