package sfu

import (
	"slices"

	"github.com/fjord-media/fjord/sfu/signal"
)

// obey handles a media event of the client other than connect and disconnect.
// An error crashes the peer.
func (s *session) obey(e signal.Event) error {
	switch e := e.(type) {
	case signal.UpdateEndpointMetadata:
		s.member.UpdateMetadata(e.Metadata)
	case signal.UpdateTrackMetadata:
		s.member.UpdateTrackMetadata(e.TrackID, e.Metadata)
	case signal.ToggleTrackEncoding:
		s.member.ToggleEncoding(e.TrackID, e.Encoding, e.Disabled)
	case signal.RenegotiateTracks:
		s.negotiation.wanted = true
		s.trigger()
	case signal.SDPOffer:
		return s.offered(e)
	case signal.SetTargetTrackVariant:
		s.target(e)
	case signal.TrackVariantBitrates:
		if u := s.published[e.TrackID]; u != nil {
			u.setBitrates(e.Bitrates)
		}
	case signal.Candidate, signal.Ignored: // nothing to learn from them
	}
	return nil
}

// target is the variant that the client wishes to receive.
func (s *session) target(e signal.SetTargetTrackVariant) {
	at := slices.IndexFunc(s.slots, func(l *slot) bool { return l.track != nil && l.track.ID() == e.TrackID })
	if at < 0 || !slices.Contains([]string{"l", "m", "h"}, e.Variant) {
		s.log.Debug("target variant ignored", "track_id", e.TrackID, "variant", e.Variant)
		return
	}
	l := s.slots[at]
	s.targets[l.track] = e.Variant
	if l.down != nil {
		l.down.setTarget(e.Variant)
	}
}

// notice handles what the room tells.
func (s *session) notice(n Notice) {
	switch n := n.(type) {
	case Joined:
		s.joined(n)
	case EndpointAdded:
		s.names[n.Endpoint.ID] = true
		s.tell(signal.EndpointAdded{ID: n.Endpoint.ID, Type: string(n.Endpoint.Type), Metadata: n.Endpoint.Metadata})
	case EndpointRemoved:
		s.removed(n)
	case EndpointUpdated:
		s.tell(signal.EndpointUpdated{ID: n.Endpoint.ID, EndpointID: n.Endpoint.ID, Metadata: n.Endpoint.Metadata})
	case TracksPublished:
		s.announce(n.Endpoint, n.Tracks)
		s.trigger()
	case TracksUnpublished:
		s.withdraw(n.Endpoint, n.Tracks)
		s.trigger()
	case TrackUpdated:
		if s.slotOf(n.Track) != nil {
			s.tell(signal.TrackUpdated{EndpointID: n.Track.Owner(), TrackID: n.Track.ID(), Metadata: n.Metadata})
		}
	case EncodingToggled:
		s.toggled(n)
	}
}

func (s *session) toggled(n EncodingToggled) {
	if s.slotOf(n.Track) == nil {
		return
	}
	e := signal.TrackEncodingDisabled{EndpointID: n.Track.Owner(), TrackID: n.Track.ID(), Encoding: n.RID}
	if n.Disabled {
		s.tell(e)
	} else {
		s.tell(signal.TrackEncodingEnabled(e))
	}
}

// joined greets the client and offers it everything there is.
func (s *session) joined(n Joined) {
	s.member = n.Member
	c := signal.Connected{ID: s.peer.id, Others: []signal.Endpoint{}}
	for _, o := range n.Others {
		s.names[o.ID] = true
		metadata, tracks := describe(o.Tracks)
		c.Others = append(c.Others, signal.Endpoint{
			ID: o.ID, Type: string(o.Type), Metadata: o.Metadata, TrackMetadata: metadata, Tracks: tracks,
		})
	}
	s.tell(c)
	for _, o := range n.Others {
		s.announce(o.ID, o.Tracks)
	}
	if len(s.slots) > 0 {
		s.trigger()
	}
}

// describe writes tracks as clients read them.
func describe(list []*Track) (map[string]any, map[string]signal.TrackInfo) {
	metadata, tracks := map[string]any{}, map[string]signal.TrackInfo{}
	for _, t := range list {
		info := signal.TrackInfo{Metadata: t.Metadata(), Simulcast: signal.Simulcast{Active: []string{"h"}, Disabled: []string{}}}
		if t.Simulcast() {
			info.Simulcast = signal.Simulcast{Enabled: true, Active: t.config.RIDs, Disabled: append([]string{}, t.Disabled()...)}
		}
		metadata[t.ID()], tracks[t.ID()] = info.Metadata, info
	}
	return metadata, tracks
}

// announce tells of new tracks and gives each a place in the next offer.
func (s *session) announce(endpoint string, list []*Track) {
	if len(list) == 0 {
		return
	}
	for _, t := range list {
		s.place(t)
	}
	metadata, tracks := describe(list)
	s.tell(signal.TracksAdded{EndpointID: endpoint, TrackMetadata: metadata, Tracks: tracks})
}

// withdraw tells that tracks are gone: now, if the client has them in its map
// of mids, or after the answer that maps them; earlier it would not find them.
func (s *session) withdraw(endpoint string, list []*Track) {
	var ids []string
	for _, t := range list {
		delete(s.targets, t)
		l := s.slotOf(t)
		if l == nil {
			continue
		}
		l.unlink()
		if !l.mapped {
			l.leaving = true
			continue
		}
		l.free()
		ids = append(ids, t.ID())
	}
	if len(ids) > 0 {
		s.tell(signal.TracksRemoved{EndpointID: endpoint, TrackIDs: ids})
	}
}

// removed tells that an endpoint is gone. That alone makes the client forget
// tracks that were never negotiated.
func (s *session) removed(n EndpointRemoved) {
	if !s.names[n.ID] {
		return
	}
	delete(s.names, n.ID)
	s.withdraw(n.ID, n.Tracks)
	for _, l := range s.slots {
		if l.leaving && l.track != nil && l.track.Owner() == n.ID {
			l.free()
		}
	}
	s.tell(signal.EndpointRemoved{ID: n.ID})
	if len(n.Tracks) > 0 {
		s.trigger()
	}
}
