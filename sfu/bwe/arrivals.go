package bwe

import (
	"time"

	"github.com/pion/rtcp"
)

// referenceUnit is the unit of a feedback's 24-bit reference time.
const referenceUnit = int64(64 * time.Millisecond)

// arrivalTimes makes the receiver's times continuous.
type arrivalTimes struct {
	begun bool
	last  uint32
	at    int64
}

// base is the time of a feedback's reference.
func (a *arrivalTimes) base(reference uint32) int64 {
	reference &= 0xffffff
	if !a.begun {
		a.begun, a.last = true, reference
	}
	step := int32((reference-a.last)<<8) >> 8 // difference of 24-bit numbers
	a.at += int64(step) * referenceUnit
	a.last = reference
	return a.at
}

// walk calls fn for each packet of a feedback in order of sequence numbers:
// with its time of arrival, or with received false.
func (a *arrivalTimes) walk(fb *rtcp.TransportLayerCC, fn func(seq uint16, at int64, received bool)) {
	at, seq := a.base(fb.ReferenceTime), fb.BaseSequenceNumber
	left, deltas := int(fb.PacketStatusCount), fb.RecvDeltas
	one := func(symbol uint16) {
		received := symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta
		if received {
			if len(deltas) == 0 {
				left = 0 // it says more than it carries
				return
			}
			at += deltas[0].Delta * int64(time.Microsecond)
			deltas = deltas[1:]
		}
		fn(seq, at, received)
		seq++
		left--
	}
	for _, chunk := range fb.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for i := 0; i < int(c.RunLength) && left > 0; i++ {
				one(c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for i := 0; i < len(c.SymbolList) && left > 0; i++ {
				one(c.SymbolList[i])
			}
		}
	}
}
