package sfu

import (
	"encoding/binary"
	"time"

	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/srtp"
	"github.com/fjord-media/fjord/sfu/transport"
)

// repair sends retransmissions of one track (RFC 4588). A packet is never sent
// again under its own number: its nonce would be used twice.
type repair struct {
	stream   *srtp.Stream // nil: the client knows no retransmissions
	sequence uint32
	batch    transport.Batch
	recent   [64]repeated // by number, so that a flood of NACKs repeats little
}

type repeated struct {
	sequence uint16
	at       int64
}

// repeatSpacing is the least time between two repetitions of a packet.
const repeatSpacing = int64(20 * time.Millisecond)

// resend repeats packets by their outgoing numbers.
func (d *downTrack) resend(numbers []uint16, now int64) {
	t := d.down.transport.Load()
	route := t.Route()
	if d.repair.stream == nil || route == nil {
		return
	}
	d.repair.batch.Begin(route)
	for _, n := range numbers {
		seen := &d.repair.recent[n%uint16(len(d.repair.recent))]
		if seen.sequence == n && seen.at != 0 && now-seen.at < repeatSpacing {
			continue
		}
		d.mu.Lock()
		s, extended, ok := d.rewrite.origin(n)
		d.mu.Unlock()
		if !ok {
			continue
		}
		if p := d.track.variants[s.variant].history.Get(extended); p != nil {
			*seen = repeated{sequence: n, at: now}
			d.repeat(p, s.apply(p))
			p.Release()
		}
	}
	if d.repair.batch.Len() > 0 {
		t.Transmit(&d.repair.batch)
	}
}

func (d *downTrack) repeat(p *rtp.Packet, out rewritten) {
	h := d.header(p, out)
	d.repair.sequence++
	h.PayloadType, h.SSRC, h.Sequence = d.codec.rtx, d.rtx, uint16(d.repair.sequence)
	payload := p.Payload()
	buffer, from := d.repair.batch.Open(rtp.MaxHeader + 2 + len(payload) + srtp.Overhead)
	buffer = h.Append(buffer)
	size := len(buffer) - from
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(out.extended))
	buffer = append(buffer, payload...)
	if d.vp8 {
		codec.ShiftVP8(buffer[from+size+2:], p.Frame, out.shift)
	}
	d.repair.batch.Add(d.repair.stream.Seal(buffer, from, size))
	d.session.tally.Repeated.Add(1)
	if h.TransportID != 0 {
		d.down.sent(h.TransportSequence, size+2+len(payload))
	}
}
