package sfu

import (
	"testing"

	"github.com/pion/rtcp"
	prtp "github.com/pion/rtp"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// TestAllArrivalsAreReported: feedback for congestion control tells of every
// packet that came, also of those that nothing else is done with: padding with
// which a client probes before its media, streams that are not known, or not
// listened to any more. What is left out would count as lost.
func TestAllArrivalsAreReported(t *testing.T) {
	u := testUplink(t)
	var pool rtp.Pool
	var batch []*rtp.Packet
	for i, p := range []struct {
		ssrc       uint32
		pt         uint8
		extensions map[uint8]string
	}{
		{1, 97, map[uint8]string{1: "0", 3: "l"}},  // repair of what has not come
		{2, 96, map[uint8]string{1: "0", 2: "zz"}}, // an unknown rid
		{3, 96, nil}, {4, 127, nil}, // nothing that tells what it is
		{5, 96, map[uint8]string{1: "0", 2: "l"}},
		{6, 96, map[uint8]string{1: "0", 2: "l"}}, // takes the place of the one before
		{5, 96, map[uint8]string{1: "0", 2: "l"}},
		{11, 99, map[uint8]string{1: "1"}}, // media with the payload type of repair
	} {
		packet := &prtp.Packet{Header: prtp.Header{Version: 2, SSRC: p.ssrc, PayloadType: p.pt, SequenceNumber: uint16(i)}, Payload: []byte{0x90, 0xf0, 0x81, 2, 3, 0x24, 0, 9}}
		for id, value := range p.extensions {
			if err := packet.SetExtension(id, []byte(value)); err != nil {
				t.Fatal(err)
			}
		}
		if err := packet.SetExtension(4, []byte{0, byte(100 + i)}); err != nil {
			t.Fatal(err)
		}
		b, err := packet.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		q := pool.Get()
		if err := q.Set(b); err != nil {
			t.Fatal(err)
		}
		q.Arrival = int64(i+1) * 1_000_000
		batch = append(batch, q)
	}
	u.take(batch)
	reported := 0
	for _, p := range u.arrived.BuildFeedbackPacket() {
		if fb, ok := p.(*rtcp.TransportLayerCC); ok {
			reported += len(fb.RecvDeltas)
		}
	}
	if reported != len(batch) {
		t.Errorf("%d of %d packets are reported", reported, len(batch))
	}
}
