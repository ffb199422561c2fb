package sfu

import (
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/sfu/jsep"
	"github.com/fjord-media/fjord/sfu/signal"
	"github.com/fjord-media/fjord/sfu/transport"
)

// offered answers an offer. An error crashes the peer.
func (s *session) offered(e signal.SDPOffer) error {
	n := &s.negotiation
	if n.state == idle || s.transport == nil {
		s.log.Debug("offer that nobody asked for")
		return nil
	}
	o, err := jsep.ParseOffer(e.SDP)
	if err != nil {
		return err
	}
	a := &answering{session: s, offer: o, event: e, mids: map[string]string{}, config: s.up.next()}
	if err := a.replies(); err != nil {
		return err
	}
	local, err := s.transport.Answer(transport.Remote{Fragment: o.Fragment, Password: o.Password, Fingerprint: o.Fingerprint})
	if err != nil {
		return err
	}
	s.up.use(a.config)
	n.version++
	n.state, n.generation = answered, local.Generation
	s.arm()
	s.tell(signal.SDPAnswer{Type: "answer", MidTracks: a.mids, SDP: jsep.Answer(o, jsep.Local{
		Fragment: local.Fragment, Password: local.Password, Fingerprint: local.Fingerprint, Candidate: local.Candidate,
		Session: s.number, Version: n.version,
	}, a.lines)})
	s.tell(signal.ServerCandidate{Candidate: local.Candidate})
	s.publish(a)
	s.afterAnswer()
	return nil
}

// afterAnswer tells of tracks that were gone before the client had them in its
// map, which it now has.
func (s *session) afterAnswer() {
	gone := map[string][]string{}
	for _, l := range s.slots {
		if !l.leaving || l.track == nil || !l.mapped {
			continue
		}
		gone[l.track.Owner()] = append(gone[l.track.Owner()], l.track.ID())
		l.free()
	}
	for endpoint, ids := range gone {
		s.negotiation.again = true
		s.tell(signal.TracksRemoved{EndpointID: endpoint, TrackIDs: ids})
	}
}

// answering is an offer while it is answered.
type answering struct {
	session *session
	offer   jsep.Offer
	event   signal.SDPOffer
	lines   []jsep.Reply
	mids    map[string]string // mid → track id, of both directions
	config  *uplinkConfig
	fresh   []*upTrack // to be published
	kept    []string   // ids of tracks that the client still publishes
}

// replies decides about every m-line.
func (a *answering) replies() error {
	for _, l := range a.offer.Lines {
		reply := jsep.Reply{Direction: jsep.Inactive}
		var err error
		switch {
		case l.Rejected || (l.Kind != string(Audio) && l.Kind != string(Video)):
		case l.Direction == jsep.RecvOnly:
			reply = a.outgoing(l)
		case l.Direction == jsep.SendOnly:
			reply, err = a.incoming(l)
		}
		if err != nil {
			return err
		}
		a.lines = append(a.lines, reply)
	}
	for _, l := range a.session.slots {
		if l.track == nil && l.mid != "" {
			l.idle = true // what just was answered is inactive
		}
	}
	return nil
}

// outgoing answers an m-line on which the client receives.
func (a *answering) outgoing(line jsep.Line) jsep.Reply {
	l := a.slot(line)
	if l == nil || l.track == nil {
		return jsep.Reply{Direction: jsep.Inactive}
	}
	a.mids[line.Mid] = l.track.ID()
	l.mapped = true
	c, ok := jsep.Match(line, jsep.Codec{Name: l.track.config.Codec, ClockRate: l.track.config.ClockRate, FMTP: l.track.config.FMTP})
	if l.leaving || !ok {
		l.sending = false
		return jsep.Reply{Direction: jsep.Inactive}
	}
	l.sending = true
	l.codec = outCodec{
		name: c.Name, payloadType: c.PayloadType, rtx: c.RTX, clockRate: c.ClockRate, transportID: line.Extensions[jsep.ExtTransport],
	}
	if l.codec.transportID > 14 { // only one-byte headers are written
		l.codec.transportID = 0
	}
	reply := jsep.Reply{
		Direction: jsep.SendOnly, Codec: c, Stream: l.stream, Track: l.stream, SSRC: l.ssrc, CNAME: a.session.down.cname,
	}
	if c.RTX != 0 {
		reply.RTX = l.rtx
	}
	return reply
}

// slot finds the slot of an m-line: that which had it before, or the first one
// that has none.
func (a *answering) slot(line jsep.Line) *slot {
	for _, l := range a.session.slots {
		if l.mid == line.Mid {
			return l
		}
	}
	for _, l := range a.session.slots {
		if l.mid == "" && l.counted && string(l.kind) == line.Kind {
			l.mid = line.Mid
			return l
		}
	}
	return nil
}

// incoming answers an m-line on which the client sends. Only a codec the room
// does not allow is an error, as in the original.
func (a *answering) incoming(line jsep.Line) (jsep.Reply, error) {
	id := a.event.MidTracks[line.Mid]
	inactive := jsep.Reply{Direction: jsep.Inactive}
	if id == "" || len(id) > 1024 || slices.Contains(a.kept, id) {
		return inactive, nil
	}
	if !a.session.peer.mayPublish(line.RIDs) {
		a.session.log.Info("track refused", "track_id", id, "rids", line.RIDs)
		return inactive, nil
	}
	c, err := jsep.Choose(line, a.session.peer.room.codec)
	if err != nil {
		return inactive, fmt.Errorf("track %s: %w", id, err)
	}
	if len(line.RIDs) > 0 && !jsep.CanSimulcast(c) {
		a.session.log.Info("no simulcast with this codec", "track_id", id, "codec", c.Name)
		return inactive, nil
	}
	u := a.session.published[id]
	if u == nil {
		u = newUpTrack(a.session, TrackConfig{
			TrackInfo: TrackInfo{ID: id, Kind: Kind(line.Kind), Codec: c.Name, Metadata: a.event.Metadata[id]},
			ClockRate: c.ClockRate, FMTP: c.FMTP, RIDs: line.RIDs, Bitrates: a.event.Bitrates[id],
		})
		a.fresh = append(a.fresh, u)
	}
	a.kept = append(a.kept, id)
	a.mids[line.Mid] = id
	a.config.add(u, line, c)
	return jsep.Reply{Direction: jsep.RecvOnly, Codec: c, RIDs: line.RIDs}, nil
}

// mayPublish checks the variants that a client wants to publish.
func (p *Peer) mayPublish(rids []string) bool {
	if len(rids) > 0 && !p.options.Simulcast {
		return false
	}
	for _, rid := range rids {
		if rid != "l" && rid != "m" && rid != "h" {
			return false
		}
	}
	return true
}

// publish tells the room what the offer changed.
func (s *session) publish(a *answering) {
	var gone []string
	for id := range s.published {
		if !slices.Contains(a.kept, id) {
			gone = append(gone, id)
			delete(s.published, id)
		}
	}
	if len(gone) > 0 {
		s.member.Unpublish(gone...)
	}
	var configs []TrackConfig
	for _, u := range a.fresh {
		configs = append(configs, u.config)
	}
	if len(configs) == 0 {
		return
	}
	tracks, err := s.member.Publish(configs...)
	if err != nil {
		s.log.Warn("tracks not published", "error", err)
		return
	}
	for i, t := range tracks {
		a.fresh[i].track.Store(t)
		s.published[t.ID()] = a.fresh[i]
	}
}
