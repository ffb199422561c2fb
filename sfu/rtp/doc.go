// Package rtp reads and writes RTP packets in place (RFC 3550, RFC 8285): what
// forwarding needs and nothing else. A Packet is a pooled buffer with the
// header's fields; History keeps a track's newest packets for retransmission.
// Nothing here allocates per packet.
package rtp
