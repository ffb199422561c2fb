package room

import (
	"reflect"
	"slices"

	"github.com/fjord-media/fjord/internal/actor"
)

// media applies what the media plane tells. Events of endpoints and tracks
// that the room does not know (any more) are late and mean nothing.
func (r *roomActor) media(self *actor.Self, e MediaEvent) {
	i := r.state.find(e.Endpoint)
	if i < 0 {
		return
	}
	p := &r.state.peers[i]
	switch e.Kind {
	case MediaTrackAdded:
		r.trackAdded(p, e.Track)
	case MediaTrackRemoved:
		r.trackRemoved(p, e.Track.ID)
	case MediaTrackMetadataUpdated:
		r.trackUpdated(p, e.Track)
	case MediaMetadataUpdated:
		r.metadataUpdated(p, e.Metadata)
	case MediaEndpointCrashed:
		text := ""
		if e.Err != nil {
			text = e.Err.Error()
		}
		_ = self.System().Send(r.state.members[i].pid, crash{mediaCrash{text}}) // no actor: it ended already
	}
}

func trackIndex(p *Peer, id string) int {
	return slices.IndexFunc(p.Tracks, func(t Track) bool { return t.ID == id })
}

func (r *roomActor) trackAdded(p *Peer, t Track) {
	if p.Status != Connected || trackIndex(p, t.ID) >= 0 {
		return
	}
	p.Tracks = append(slices.Clip(p.Tracks), t)
	r.publish()
	r.entry.local.dispatch(TrackAdded{r.entry.id, Endpoint{Peer: p.ID}, t})
}

func (r *roomActor) trackRemoved(p *Peer, id string) {
	i := trackIndex(p, id)
	if i < 0 {
		return
	}
	t := p.Tracks[i]
	p.Tracks = slices.Delete(slices.Clone(p.Tracks), i, i+1)
	r.publish()
	r.entry.local.dispatch(TrackRemoved{r.entry.id, Endpoint{Peer: p.ID}, t})
}

func (r *roomActor) trackUpdated(p *Peer, t Track) {
	i := trackIndex(p, t.ID)
	if i < 0 {
		return
	}
	p.Tracks = slices.Clone(p.Tracks)
	p.Tracks[i].Metadata = t.Metadata
	r.publish()
	r.entry.local.dispatch(TrackMetadataUpdated{r.entry.id, Endpoint{Peer: p.ID}, p.Tracks[i]})
}

func (r *roomActor) metadataUpdated(p *Peer, metadata any) {
	if p.Status != Connected || p.Metadata != nil && reflect.DeepEqual(p.Metadata, metadata) {
		return
	}
	p.Metadata = metadata
	r.publish()
	r.entry.local.dispatch(PeerMetadataUpdated{r.entry.id, p.ID, metadata})
}
