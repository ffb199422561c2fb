package feedback

import "github.com/pion/rtcp"

// NACK packs sequence numbers, in ascending order, into a generic NACK
// (RFC 4585 §6.2.1).
func NACK(sender, media uint32, numbers []uint16) *rtcp.TransportLayerNack {
	return &rtcp.TransportLayerNack{SenderSSRC: sender, MediaSSRC: media, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)}
}
