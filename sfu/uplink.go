package sfu

import (
	"sync/atomic"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"github.com/fjord-media/fjord/sfu/feedback"
	"github.com/fjord-media/fjord/sfu/jsep"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/transport"
)

// maxSources bounds the SSRCs of one client.
const maxSources = 128

// uplink receives what a client publishes: it sorts packets into tracks and
// variants, puts retransmissions in their place and tells the client how
// reception goes. Its methods run on the client's media goroutine, unless they
// say otherwise.
type uplink struct {
	session   *session
	transport atomic.Pointer[transport.Session]
	config    atomic.Pointer[uplinkConfig]
	ssrc      uint32 // of our feedback
	clock     clockOffset
	tally     *tally.Shard

	sources map[uint32]*source // by SSRC, of media and of retransmissions
	order   []*source          // those of media
	arrived *twcc.Recorder
	any     bool // the recorder has news
	run     []*rtp.Packet
	due     []uint16
	report  int64 // when receiver reports are due
}

// uplinkConfig is what the newest answer says about incoming packets. It is
// not changed once it is used.
type uplinkConfig struct {
	mids     map[string]*upLine
	declared map[uint32]*upLine // by SSRC, media and retransmissions

	transportNumber uint8 // id of the header extension: one for all m-lines (RFC 8843 §9.1.1)
}

// upLine is one m-line on which the client sends.
type upLine struct {
	track                *upTrack
	payloadType, rtxType uint8
	ssrc, rtx            uint32
	mid, rid, rrid       uint8 // ids of header extensions
	level                uint8
}

// source is one SSRC.
type source struct {
	line    *upLine
	variant int
	repair  bool
	of      *source // of a repair stream: what it repairs, nil: not known yet
	heard   int64   // when the newest packet came
	retired int64   // when another took its place; 0: not
	fresh   bool    // took another's place, nothing was noted yet

	unwrap    rtp.Unwrapper
	missing   feedback.Missing
	reception feedback.Reception
}

func newUplink(s *session) *uplink {
	u := &uplink{session: s, ssrc: randomUint32(), tally: s.tally, sources: map[uint32]*source{}}
	u.arrived = twcc.NewRecorder(u.ssrc)
	u.config.Store(&uplinkConfig{})
	return u
}

// next begins the configuration of another answer. It runs on the mailbox.
func (u *uplink) next() *uplinkConfig {
	return &uplinkConfig{mids: map[string]*upLine{}, declared: map[uint32]*upLine{}}
}

// use makes a configuration the one in force. It runs on the mailbox.
func (u *uplink) use(c *uplinkConfig) { u.config.Store(c) }

// add notes an m-line.
func (c *uplinkConfig) add(t *upTrack, l jsep.Line, codec jsep.Codec) {
	line := &upLine{
		track: t, payloadType: codec.PayloadType, rtxType: codec.RTX, mid: l.Extensions[jsep.ExtMid], rid: l.Extensions[jsep.ExtRID],
		rrid: l.Extensions[jsep.ExtRepairedRID], level: l.Extensions[jsep.ExtAudioLevel],
	}
	if id := l.Extensions[jsep.ExtTransport]; id != 0 {
		c.transportNumber = id
	}
	c.mids[l.Mid] = line
	if len(l.RIDs) == 0 && l.SSRC != 0 {
		line.ssrc, line.rtx = l.SSRC, l.RTX
		c.declared[l.SSRC] = line
		if l.RTX != 0 {
			c.declared[l.RTX] = line
		}
	}
}

// take handles packets in the order of arrival, handing runs of one stream to
// its track at once.
func (u *uplink) take(batch []*rtp.Packet) {
	config := u.config.Load()
	var current *source
	u.run = u.run[:0]
	for _, p := range batch {
		u.stamp(config, p)
		s := u.find(config, p)
		if s == nil {
			continue
		}
		if s.repair {
			if s = u.restore(s, p); s == nil {
				continue
			}
		}
		if s != current {
			u.flush(current)
			current = s
		}
		u.note(s, p)
		u.run = append(u.run, p)
	}
	u.flush(current)
	now := u.now()
	for _, s := range u.order {
		if s.missing.Any() {
			u.ask(s, now)
		}
	}
}

func (u *uplink) now() int64 {
	if t := u.transport.Load(); t != nil {
		return t.Now()
	}
	return 0
}

func (u *uplink) flush(s *source) {
	if s == nil || len(u.run) == 0 {
		return
	}
	if t := s.line.track.track.Load(); t != nil {
		t.Write(s.variant, u.run)
	}
	u.run = u.run[:0]
}

// stamp notes a packet's arrival for congestion control, whatever it is: what is
// not reported counts as lost, and a client that probes with padding would find
// no bandwidth.
func (u *uplink) stamp(c *uplinkConfig, p *rtp.Packet) {
	if b := p.Extension(c.transportNumber); len(b) == 2 {
		u.arrived.Record(p.SSRC, uint16(b[0])<<8|uint16(b[1]), p.Arrival/1000)
		u.any = true
	}
}

// restore puts a retransmission in the place of what it repeats.
func (u *uplink) restore(s *source, p *rtp.Packet) *source {
	if s.of == nil || (s.of.retired != 0 && p.Arrival-s.of.retired > lateness) {
		s.of = u.holder(s.line.track, s.variant)
	}
	if s.of == nil || s.of.retired != 0 || p.Restore(s.of.reception.SSRC, s.line.payloadType) != nil {
		return nil
	}
	u.tally.Restored.Add(1)
	return s.of
}

// note does the book-keeping of one packet of media.
func (u *uplink) note(s *source, p *rtp.Packet) {
	p.Extended, _ = s.unwrap.Unwrap(p.Sequence)
	s.reception.Arrived(p.Extended, p.Timestamp, p.Arrival)
	t := s.line.track
	hopeless := s.missing.Arrived(p.Extended, p.Arrival)
	if t.config.Kind == Video {
		if hopeless {
			s.requestKeyFrame(p.Arrival)
		}
	} else if b := p.Extension(s.line.level); len(b) > 0 && t.vad.Level(b[0]&0x7f, p.Timestamp) {
		if published := t.track.Load(); published != nil {
			published.SetSpeech(t.vad.Speech())
		}
	}
	p.Frame = t.parse(p.Payload())
	if s.fresh {
		s.fresh = false
		if published := t.track.Load(); published != nil && !p.Frame.KeyFrame {
			published.variants[s.variant].renewed(p.Arrival)
		}
	}
}

// ask sends a NACK for what is missing. Sound that is missing is only counted.
func (u *uplink) ask(s *source, now int64) {
	var lost bool
	u.due, lost = s.missing.Due(u.due[:0], now)
	if s.line.track.config.Kind != Video {
		return
	}
	if len(u.due) > 0 {
		u.tally.Asked.Add(int64(len(u.due)))
		u.send(feedback.NACK(u.ssrc, s.reception.SSRC, u.due))
	}
	if lost {
		s.requestKeyFrame(now)
	}
}

// requestKeyFrame asks for one, not more often than subscribers may.
func (s *source) requestKeyFrame(now int64) {
	if t := s.line.track.track.Load(); t != nil {
		t.variants[s.variant].RequestKeyFrame(now)
	}
}

// send sends feedback. Any goroutine may call it.
func (u *uplink) send(packets ...rtcp.Packet) {
	t := u.transport.Load()
	if t == nil || len(packets) == 0 {
		return
	}
	if b, err := rtcp.Marshal(packets); err == nil {
		_ = t.SendRTCP(b) // no keys or no path: nobody to tell
	}
}
