package sfu

import (
	"slices"
	"time"

	"github.com/fjord-media/fjord/sfu/feedback"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// A stream of which another has taken the place is not heard for lateness: what
// comes of it is late. It is forgotten when it has been silent for memory.
const (
	lateness = int64(2 * time.Second)
	memory   = int64(30 * time.Second)
)

// find says which source a packet is of. A new SSRC is identified by what the
// offer declared, or by the header extensions for mid and rid (RFC 8843 §9.2,
// RFC 8852); nil: not at all, or one that is not listened to.
func (u *uplink) find(c *uplinkConfig, p *rtp.Packet) *source {
	s := u.sources[p.SSRC]
	if s == nil {
		return u.discover(c, p)
	}
	if s.line.track.track.Load() == nil || !s.fits(c, p) {
		return nil
	}
	s.heard = p.Arrival
	if s.retired != 0 {
		if !u.mayReturn(s, p.Arrival) {
			return nil
		}
		u.install(s, p)
	}
	return s
}

// fits reports whether a packet has a payload type of its source. Those of the
// newest offer count.
func (s *source) fits(c *uplinkConfig, p *rtp.Packet) bool {
	if s.line.accepting(p) == nil {
		l := c.line(p)
		if l == nil || l.track != s.line.track {
			return false
		}
		s.line = l
	}
	return s.repair == (p.PayloadType != s.line.payloadType)
}

// discover takes a new SSRC in.
func (u *uplink) discover(c *uplinkConfig, p *rtp.Packet) *source {
	line := c.line(p)
	if line == nil || len(u.sources) >= maxSources {
		return nil
	}
	s := &source{line: line, repair: line.rtxType != 0 && p.PayloadType == line.rtxType, heard: p.Arrival}
	if !u.identify(s, p) {
		return nil
	}
	u.sources[p.SSRC] = s
	if !s.repair {
		u.install(s, p)
	}
	return s
}

// holder is the source that a variant comes from at present, nil: none yet.
func (u *uplink) holder(t *upTrack, variant int) *source {
	for _, s := range u.order {
		if s.line.track == t && s.variant == variant {
			return s
		}
	}
	return nil
}

// install makes a source the one that its variant comes from. Another that did
// is retired, and the variant's numbers go on in a new epoch: a publisher may
// change the SSRC of what it sends (RFC 3550 §8.2) without a word.
func (u *uplink) install(s *source, p *rtp.Packet) {
	t := s.line.track
	if old := u.holder(t, s.variant); old != nil {
		u.count(old)
		old.retired, old.missing = p.Arrival, feedback.Missing{}
		u.order = slices.DeleteFunc(u.order, func(o *source) bool { return o == old })
	}
	epoch := t.epochs[s.variant]
	t.epochs[s.variant]++
	s.fresh, s.retired = epoch > 0, 0
	s.unwrap, s.missing = rtp.NewUnwrapper(epoch), feedback.Missing{}
	s.reception = feedback.Reception{SSRC: p.SSRC, ClockRate: t.config.ClockRate}
	if epoch > 0 {
		t.vad.Reset()
	}
	t.ssrcs[s.variant].Store(p.SSRC)
	u.order = append(u.order, s)
}

// mayReturn reports whether a retired source takes its place back: when the one
// that has it is silent. A publisher may return to a stream it sent before; of
// two that talk, the one that came last counts.
func (u *uplink) mayReturn(s *source, now int64) bool {
	h := u.holder(s.line.track, s.variant)
	return now-s.retired >= lateness && (h == nil || now-h.heard >= lateness)
}

// line finds the m-line of a packet with an unknown SSRC.
func (c *uplinkConfig) line(p *rtp.Packet) *upLine {
	if l := c.declared[p.SSRC]; l != nil {
		return l.accepting(p)
	}
	for _, l := range c.mids {
		if b := p.Extension(l.mid); b != nil {
			return c.mids[string(b)].accepting(p)
		}
	}
	var only *upLine // the payload type may tell
	for _, l := range c.mids {
		if l.accepting(p) == nil {
			continue
		}
		if only != nil {
			return nil
		}
		only = l
	}
	return only
}

// accepting is the line, if the payload type is one of its.
func (l *upLine) accepting(p *rtp.Packet) *upLine {
	if l == nil || (p.PayloadType != l.payloadType && (l.rtxType == 0 || p.PayloadType != l.rtxType)) {
		return nil
	}
	return l
}

// identify finds the variant of a source, and what a repair source repairs.
func (u *uplink) identify(s *source, p *rtp.Packet) bool {
	l := s.line
	if l.track.simulcast() {
		id := l.rid
		if s.repair {
			id = l.rrid
		}
		if s.variant = slices.Index(l.track.config.RIDs, string(p.Extension(id))); s.variant < 0 {
			return false
		}
	}
	if !s.repair {
		return true
	}
	s.of = u.holder(l.track, s.variant)
	if l.track.simulcast() {
		return s.of != nil
	}
	declared := l.rtx == 0 || p.SSRC == l.rtx
	return declared || (s.of != nil && s.of.reception.SSRC != l.ssrc) // what is declared is out of date
}

// forget drops the sources of tracks that are gone, and those that were
// replaced long ago.
func (u *uplink) forget(now int64) {
	c := u.config.Load()
	gone := func(s *source) bool {
		if s.retired != 0 && now-s.heard > memory {
			return true
		}
		for _, l := range c.mids {
			if l.track == s.line.track {
				return false
			}
		}
		return true
	}
	for ssrc, s := range u.sources {
		if gone(s) {
			delete(u.sources, ssrc)
		}
	}
	u.order = slices.DeleteFunc(u.order, gone)
}
