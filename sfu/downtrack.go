package sfu

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/signal"
	"github.com/fjord-media/fjord/sfu/srtp"
	"github.com/fjord-media/fjord/sfu/transport"
)

// downTrack is a subscription of a WebRTC peer: the Sink that rewrites,
// protects and sends a track's packets.
type downTrack struct {
	session *session
	down    *downlink
	track   *Track
	codec   outCodec
	ssrc    uint32
	rtx     uint32
	vp8     bool

	// of the publisher's media goroutine
	batch transport.Batch

	mu       sync.Mutex // never held while sending
	stream   *srtp.Stream
	rewrite  rewriter
	choice   choice
	replayed uint64 // of the current variant: numbers up to here were sent from history
	stalled  bool   // the variant comes from a new stream, of which no key frame came yet

	// of the subscriber's media goroutine
	repair repair
	lost   int64 // that the client has reported

	packets, octets atomic.Uint32 // sent, for sender reports
	newest          atomic.Uint64 // monotonic time of the newest packet
}

// newDownTrack makes the subscription of a slot; nil before there are keys.
func newDownTrack(s *session, l *slot) *downTrack {
	sealer := s.transport.Sealer()
	if sealer == nil {
		return nil
	}
	d := &downTrack{
		session: s, down: s.down, track: l.track, codec: l.codec, ssrc: l.ssrc, rtx: l.rtx,
		vp8: strings.EqualFold(l.codec.name, "VP8"), stream: sealer.Stream(),
	}
	d.rewrite.begin(l.codec.clockRate)
	d.choice = newChoice(l.track)
	if l.codec.rtx != 0 {
		d.repair = repair{stream: sealer.Stream(), sequence: randomUint32() & 0x7fff}
	}
	return d
}

// begin asks for the first variant. It runs on the mailbox.
func (d *downTrack) begin(now int64) { d.choose(now) }

// Forward implements Sink.
func (d *downTrack) Forward(variant int, batch []*rtp.Packet) {
	t := d.down.transport.Load()
	route := t.Route()
	if route == nil {
		return
	}
	d.batch.Begin(route)
	switched, reason := d.fill(variant, batch)
	if d.batch.Len() > 0 {
		t.Transmit(&d.batch)
	}
	if switched {
		d.announce(variant, reason)
	}
}

// fill puts what the client gets of some packets into the batch. It reports a
// change of the variant and why it was.
func (d *downTrack) fill(variant int, batch []*rtp.Packet) (switched bool, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()                                       // even if it panics: the client's other tracks go on
	if d.choice.current == none && d.choice.pending == none { // the track's first packets
		d.choice.pending, d.choice.reason = d.best()
	}
	from := 0
	if variant == d.choice.pending {
		from, switched = d.change(variant, batch)
	}
	if variant == d.choice.current {
		for _, p := range batch[from:] {
			d.add(p)
		}
	}
	return switched, d.choice.reason
}

// change switches to the pending variant if the batch, or the history, has a
// key frame to begin with. It says where in the batch to go on.
func (d *downTrack) change(variant int, batch []*rtp.Packet) (from int, switched bool) {
	for i, p := range batch {
		if p.Frame.KeyFrame {
			d.begun(variant, p)
			return i, true
		}
	}
	if d.replay(variant, batch) {
		return len(batch), true
	}
	return 0, false
}

func (d *downTrack) begun(variant int, first *rtp.Packet) {
	d.rewrite.change(variant, first)
	d.choice.current, d.choice.pending = variant, none
	d.replayed, d.stalled = 0, false
}

// maxReplay is how many packets are sent from history at once.
const maxReplay = 200

// replay begins with the newest key frame that the history holds: a subscriber
// that comes while no new one may be asked for need not wait. d.mu is held.
func (d *downTrack) replay(variant int, batch []*rtp.Packet) bool {
	if d.track.Kind() != Video || d.choice.current != none || len(batch) == 0 {
		return false
	}
	h := d.track.variants[variant].history
	key, arrival, ok := h.Key()
	last := batch[len(batch)-1]
	if !ok || h.Newest()-key > maxReplay || last.Arrival-arrival > int64(keyFrameSpacing) {
		return false
	}
	for n := key; n <= h.Newest(); n++ {
		p := h.Get(n)
		if p == nil {
			continue // lost, or late: it is asked for
		}
		if n == key {
			d.begun(variant, p)
		}
		d.add(p)
		p.Release()
	}
	d.replayed = h.Newest()
	return true
}

// add rewrites and protects one packet into the batch. d.mu is held.
func (d *downTrack) add(p *rtp.Packet) {
	if p.Extended <= d.replayed {
		return // late: who misses it asks for it
	}
	out, ok := d.place(p)
	if !ok {
		return
	}
	h := d.header(p, out)
	payload := p.Payload()
	buffer, from := d.batch.Open(rtp.MaxHeader + len(payload) + srtp.Overhead)
	buffer = h.Append(buffer)
	size := len(buffer) - from
	buffer = append(buffer, payload...)
	if d.vp8 {
		codec.ShiftVP8(buffer[from+size:], p.Frame, out.shift)
	}
	d.batch.Add(d.stream.Seal(buffer, from, size))
	d.packets.Add(1)
	d.octets.Add(uint32(len(payload)))
	d.newest.Store(uint64(p.Arrival))
	if h.TransportID != 0 {
		d.down.sent(h.TransportSequence, size+len(payload))
	}
}

// place gives a packet of the current variant its numbers. A new stream of the
// variant is joined to the old one where a decoder can begin with it.
func (d *downTrack) place(p *rtp.Packet) (out rewritten, ok bool) {
	if d.rewrite.renewed(p) {
		if d.stalled = !p.Frame.KeyFrame; d.stalled {
			return out, false
		}
		d.rewrite.change(d.choice.current, p)
	}
	return d.rewrite.packet(p)
}

func (d *downTrack) header(p *rtp.Packet, out rewritten) rtp.Header {
	h := rtp.Header{
		PayloadType: d.codec.payloadType, Marker: p.Marker, Sequence: uint16(out.extended), Timestamp: out.timestamp, SSRC: d.ssrc,
	}
	if d.codec.transportID != 0 {
		h.TransportID, h.TransportSequence = d.codec.transportID, d.down.nextTransport()
	}
	return h
}

// announce tells the client what it receives now.
func (d *downTrack) announce(variant int, reason string) {
	d.session.post(func() {
		d.session.tell(signal.EncodingSwitched{
			EndpointID: d.track.Owner(), TrackID: d.track.ID(), Encoding: d.track.variants[variant].rid, Reason: reason,
		})
	})
}

// Speech implements listener.
func (d *downTrack) Speech(on bool) {
	d.session.post(func() {
		if l := d.session.slotOf(d.track); l != nil && l.down == d {
			d.session.tell(signal.VADNotification{TrackID: d.track.ID(), Status: status(on)})
		}
	})
}

// Ended implements Sink. The room's notice does the rest.
func (d *downTrack) Ended() {}

// Failed implements failing: a client that cannot be sent one of its tracks is
// better told than left with a still picture.
func (d *downTrack) Failed(err error) { d.session.fail(err) }

// end takes the subscription back. It runs on the mailbox.
func (d *downTrack) end() {
	d.track.Unsubscribe(d)
	d.down.remove(d)
}
