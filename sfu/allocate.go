package sfu

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"github.com/fjord-media/fjord/sfu/bwe"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/signal"
	"github.com/fjord-media/fjord/sfu/srtp"
)

const (
	firstEstimate  = 300_000 // bit/s
	sharePeriod    = int64(200 * time.Millisecond)
	estimatePeriod = int64(5 * time.Second)
	probeTick      = 10 * time.Millisecond
	packetOverhead = 28 + srtp.Overhead // bytes of IP, UDP and the tag
)

// bandwidth divides what a client can receive among its tracks. It runs on the
// client's media goroutine, but for Estimator.Sent.
type bandwidth struct {
	estimator *bwe.Estimator // nil: everybody gets everything
	seen      bool           // feedback has come
	shareAt   int64
	tellAt    int64
	wanted    int // bit/s worth probing for, 0: none
	demands   []bwe.Demand
	rungs     []rung
}

// rung is a variant that a demand's bitrate stands for.
type rung struct {
	track    *downTrack
	variants []int
}

// sent notes a packet.
func (d *downlink) sent(sequence uint16, size int) {
	if e := d.bandwidth.estimator; e != nil {
		e.Sent(sequence, size+packetOverhead, d.transport.Load().Now())
	}
}

// congestion takes the client's feedback about when packets arrived.
func (d *downlink) congestion(p *rtcp.TransportLayerCC, now int64) {
	b := &d.bandwidth
	if b.estimator == nil {
		return
	}
	if !b.seen {
		b.seen, b.tellAt = true, now+estimatePeriod
	}
	b.estimator.Feedback(p, now)
}

// share divides the estimate and says what is worth probing for.
func (d *downlink) share(now int64) {
	b := &d.bandwidth
	if b.estimator == nil || !b.seen {
		return
	}
	if now >= b.shareAt {
		b.shareAt = now + sharePeriod
		d.divide()
	}
	if now >= b.tellAt {
		b.tellAt = now + estimatePeriod
		estimate := float64(b.estimator.Estimate())
		d.session.post(func() { d.session.tell(signal.BandwidthEstimation{Estimation: estimate}) })
	}
	d.probe(now)
}

// divide gives each simulcast track the best variant that fits.
func (d *downlink) divide() {
	b := &d.bandwidth
	b.demands, b.rungs = b.demands[:0], b.rungs[:0]
	for _, t := range *d.list.Load() {
		demand, variants := t.demand()
		if len(demand.Bitrates) > 0 {
			b.demands, b.rungs = append(b.demands, demand), append(b.rungs, rung{t, variants})
		}
	}
	bwe.Share(b.estimator.Estimate(), b.demands)
	for i, r := range b.rungs {
		if r.variants != nil {
			v := r.track.track.variants[r.variants[b.demands[i].Current]]
			r.track.setLimit(v.Bitrate() / 100 * (101 + spare))
		}
	}
	b.wanted = bwe.Wanted(b.demands)
}

// demand is what the track would take. variants is nil for a track without a
// choice.
func (d *downTrack) demand() (demand bwe.Demand, variants []int) {
	list := d.track.variants
	if !d.track.Simulcast() {
		return bwe.Demand{Bitrates: []int{list[0].expected()}}, nil
	}
	d.mu.Lock()
	target, current := d.choice.target, d.choice.current
	d.mu.Unlock()
	for i, v := range list {
		if v.Active() && v.Bitrate() <= list[target].Bitrate() {
			variants = append(variants, i)
		}
	}
	slices.SortFunc(variants, func(a, b int) int { return list[a].Bitrate() - list[b].Bitrate() })
	for _, i := range variants {
		demand.Bitrates = append(demand.Bitrates, list[i].expected())
	}
	slices.Sort(demand.Bitrates) // what is measured may be out of order for a moment
	demand.Current = len(variants) - 1
	if at := slices.Index(variants, current); at >= 0 {
		demand.Current = at
	}
	return demand, variants
}

// expected is what the variant takes in bit/s: what was measured, until then
// what was declared.
func (v *Variant) expected() int {
	if m := v.Measured(); m > 0 {
		return m
	}
	return v.Bitrate()
}

// probe sends padding when more bandwidth is wanted than is known to be there.
func (d *downlink) probe(now int64) {
	b, t := &d.bandwidth, d.transport.Load()
	if b.wanted == 0 {
		t.SetPeriod(0)
		return
	}
	t.SetPeriod(probeTick)
	left := b.estimator.Probe(now, b.wanted)
	if left <= 0 {
		return
	}
	for _, o := range *d.list.Load() {
		if o.repair.stream != nil && o.codec.transportID != 0 {
			o.pad(left)
			return
		}
	}
}

// paddingSize is the largest padding of an RTP packet (RFC 3550 §5.1).
const paddingSize = 255

// pad sends about so many bytes of nothing as retransmissions: they disturb no
// decoder.
func (d *downTrack) pad(bytes int) {
	t := d.down.transport.Load()
	route := t.Route()
	if route == nil {
		return
	}
	d.repair.batch.Begin(route)
	var padding [paddingSize]byte
	padding[paddingSize-1] = paddingSize
	d.mu.Lock()
	timestamp := d.rewrite.lastRTP
	d.mu.Unlock()
	for bytes > 0 {
		d.repair.sequence++
		h := rtp.Header{
			PayloadType: d.codec.rtx, Padding: true, Sequence: uint16(d.repair.sequence), Timestamp: timestamp, SSRC: d.rtx,
			TransportID: d.codec.transportID, TransportSequence: d.down.nextTransport(),
		}
		buffer, from := d.repair.batch.Open(rtp.MaxHeader + paddingSize + srtp.Overhead)
		buffer = h.Append(buffer)
		size := len(buffer) - from
		buffer = append(buffer, padding[:]...)
		d.repair.batch.Add(d.repair.stream.Seal(buffer, from, size))
		d.down.sent(h.TransportSequence, size+paddingSize)
		bytes -= size + paddingSize + packetOverhead
	}
	t.Transmit(&d.repair.batch)
}
