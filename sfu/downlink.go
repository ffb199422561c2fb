package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/fjord-media/fjord/sfu/bwe"
	"github.com/fjord-media/fjord/sfu/feedback"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/transport"
)

// downlink is everything that is sent to one client.
type downlink struct {
	session   *session
	transport atomic.Pointer[transport.Session]
	cname     string
	list      atomic.Pointer[[]*downTrack] // copied when changed
	sequence  atomic.Uint32                // transport-wide

	mu sync.Mutex // of changes of list

	// of the mailbox
	used map[uint32]bool // SSRCs, for the life of the connection

	// of the client's media goroutine
	report    int64
	numbers   []uint16
	budget    int // retransmissions left of the period
	budgetAt  int64
	bandwidth bandwidth
}

func newDownlink(s *session) *downlink {
	d := &downlink{session: s, cname: randomName(8), used: map[uint32]bool{}}
	d.list.Store(new([]*downTrack))
	if s.peer.options.Simulcast {
		d.bandwidth.estimator = bwe.New(firstEstimate)
	}
	return d
}

func (d *downlink) add(t *downTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := append(slices.Clone(*d.list.Load()), t)
	d.list.Store(&list)
}

func (d *downlink) remove(t *downTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*d.list.Load()), func(o *downTrack) bool { return o == t })
	d.list.Store(&list)
}

func (d *downlink) find(ssrc uint32) *downTrack {
	for _, t := range *d.list.Load() {
		if t.ssrc == ssrc {
			return t
		}
	}
	return nil
}

// nextTransport is the next transport-wide sequence number.
func (d *downlink) nextTransport() uint16 { return uint16(d.sequence.Add(1)) }

// keyFrame passes a client's request on to the variant it receives.
func (d *downlink) keyFrame(ssrc uint32, now int64) {
	t := d.find(ssrc)
	if t == nil {
		return
	}
	d.session.tally.KeyFrames.Add(1)
	t.mu.Lock()
	current := t.choice.current
	t.mu.Unlock()
	if current != none {
		t.track.variants[current].RequestKeyFrame(now)
	}
}

// received takes what a client reports of the tracks it gets.
func (d *downlink) received(reports []rtcp.ReceptionReport) {
	for _, r := range reports {
		t := d.find(r.SSRC)
		if t == nil {
			continue
		}
		lost := int64(int32(r.TotalLost<<8) >> 8) // 24 bits, below 0 when packets came twice
		if lost > t.lost {
			d.session.tally.Unreceived.Add(lost - t.lost)
			t.lost = lost
		}
	}
}

// At most resendLimit packets are repeated per resendPeriod.
const (
	resendLimit  = 300
	resendPeriod = int64(50 * time.Millisecond)
)

// resend answers a NACK.
func (d *downlink) resend(n *rtcp.TransportLayerNack, now int64) {
	t := d.find(n.MediaSSRC)
	if t == nil {
		return
	}
	d.numbers = d.numbers[:0]
	for _, pair := range n.Nacks {
		d.numbers = append(d.numbers, pair.PacketID)
		for i := range 16 {
			if pair.LostPackets&(1<<i) != 0 {
				d.numbers = append(d.numbers, pair.PacketID+uint16(i)+1)
			}
		}
	}
	d.session.tally.Wanted.Add(int64(len(d.numbers)))
	d.numbers = d.numbers[:min(len(d.numbers), d.budget)]
	d.budget -= len(d.numbers)
	t.resend(d.numbers, now)
}

// tick chooses variants and sends sender reports.
func (d *downlink) tick(now int64) {
	if now >= d.budgetAt {
		d.budget, d.budgetAt = resendLimit, now+resendPeriod
	}
	d.share(now)
	for _, t := range *d.list.Load() {
		t.choose(now)
	}
	if now < d.report {
		return
	}
	d.report = now + reportPeriod
	d.reports(now, time.Now())
}

// reportsPerPacket bounds a compound packet of sender reports.
const reportsPerPacket = 16

// reports sends a sender report for each track that flows.
func (d *downlink) reports(now int64, wall time.Time) {
	t := d.transport.Load()
	if t == nil {
		return
	}
	var list []rtcp.Packet
	names := &rtcp.SourceDescription{}
	flush := func() {
		if len(list) == 0 {
			return
		}
		if b, err := rtcp.Marshal(append(list, names)); err == nil {
			_ = t.SendRTCP(b) // no keys or no path: nobody to tell
		}
		list, names = nil, &rtcp.SourceDescription{}
	}
	for _, o := range *d.list.Load() {
		r, ok := o.report(now)
		if !ok {
			continue
		}
		r.NTPTime = feedback.NTP(wall)
		list = append(list, r)
		names.Chunks = append(names.Chunks, rtcp.SourceDescriptionChunk{
			Source: o.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: d.cname}},
		})
		if len(list) == reportsPerPacket {
			flush()
		}
	}
	flush()
}

// report describes what was sent; ok is false for a track that does not flow.
func (d *downTrack) report(now int64) (r *rtcp.SenderReport, ok bool) {
	d.mu.Lock()
	s, begun := d.rewrite.now()
	last, at := d.rewrite.lastRTP, d.rewrite.lastAt
	d.mu.Unlock()
	if !begun || now-at > 2*reportPeriod {
		return nil, false
	}
	ticks := func(since int64) uint32 {
		return uint32(since / int64(time.Microsecond) * int64(d.codec.clockRate) / int64(time.Second/time.Microsecond))
	}
	timestamp := last + ticks(now-at)
	if c := d.track.variants[s.variant].Clock(); c != nil && c.Epoch == rtp.Epoch(s.first) {
		timestamp = c.Timestamp + s.timestamp + ticks(now-c.At)
	}
	return &rtcp.SenderReport{SSRC: d.ssrc, RTPTime: timestamp, PacketCount: d.packets.Load(), OctetCount: d.octets.Load()}, true
}
