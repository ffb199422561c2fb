package sfu

import (
	"slices"

	"github.com/fjord-media/fjord/sfu/feedback"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// find says which source a packet is of. A new SSRC is identified by what the
// offer declared, or by the header extensions for mid and rid (RFC 8843 §9.2,
// RFC 8852); nil: not at all.
func (u *uplink) find(c *uplinkConfig, p *rtp.Packet) *source {
	if s := u.sources[p.SSRC]; s != nil {
		if s.line.track.track.Load() == nil || (p.PayloadType != s.line.payloadType && p.PayloadType != s.line.rtxType) {
			return nil
		}
		return s
	}
	line := c.line(p)
	if line == nil || len(u.sources) >= maxSources {
		return nil
	}
	s := &source{line: line, repair: line.rtxType != 0 && p.PayloadType == line.rtxType}
	if !u.identify(s, p) {
		return nil
	}
	u.sources[p.SSRC] = s
	if s.repair {
		return s
	}
	s.reception = feedback.Reception{SSRC: p.SSRC, ClockRate: line.track.config.ClockRate}
	line.track.ssrcs[s.variant].Store(p.SSRC)
	u.order = append(u.order, s)
	return s
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
	if !l.track.simulcast() {
		if s.repair && l.rtx != 0 && p.SSRC != l.rtx {
			return false
		}
		return true
	}
	id := l.rid
	if s.repair {
		id = l.rrid
	}
	s.variant = slices.Index(l.track.config.RIDs, string(p.Extension(id)))
	if s.variant < 0 {
		return false
	}
	if s.repair {
		for _, o := range u.order {
			if o.line.track == l.track && o.variant == s.variant {
				s.of = o
			}
		}
		return s.of != nil
	}
	return true
}

// forget drops the sources of tracks that are gone.
func (u *uplink) forget() {
	c := u.config.Load()
	gone := func(s *source) bool {
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
