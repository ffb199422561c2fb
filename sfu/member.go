package sfu

import (
	"fmt"
	"reflect"
	"slices"
)

// maxTracks bounds what one endpoint may publish.
const maxTracks = 64

// Member is an endpoint's place in a room: what it uses to publish. Its
// methods may be called from any goroutine, but not from within Notify.
type Member struct {
	room     *Room
	endpoint Endpoint

	// guarded by room.mu
	info   EndpointInfo
	tracks []*Track
	gone   bool
}

// Publish announces tracks to the others; media may be written at once.
// Errors: ErrClosed, ErrTrackExists, ErrTrackLimit.
func (m *Member) Publish(configs ...TrackConfig) ([]*Track, error) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if err := m.mayPublish(configs); err != nil {
		return nil, err
	}
	added := make([]*Track, 0, len(configs))
	for _, c := range configs {
		t := newTrack(m.info.ID, c, m.room.addForwarded)
		added = append(added, t)
		m.tracks = append(m.tracks, t)
	}
	if len(added) > 0 {
		m.room.broadcast(m, TracksPublished{Endpoint: m.info.ID, Tracks: added})
	}
	for _, t := range added {
		m.room.events(TrackAdded{Endpoint: m.info.ID, Track: t.infoLocked()})
	}
	return added, nil
}

func (m *Member) mayPublish(configs []TrackConfig) error {
	if m.gone {
		return fmt.Errorf("publish as %s: %w", m.info.ID, ErrClosed)
	}
	if len(m.tracks)+len(configs) > maxTracks {
		return fmt.Errorf("publish as %s: %w", m.info.ID, ErrTrackLimit)
	}
	for i, c := range configs {
		again := slices.ContainsFunc(configs[:i], func(o TrackConfig) bool { return o.ID == c.ID })
		if again || m.track(c.ID) != nil {
			return fmt.Errorf("track %s: %w", c.ID, ErrTrackExists)
		}
	}
	return nil
}

func (m *Member) track(id string) *Track {
	at := slices.IndexFunc(m.tracks, func(t *Track) bool { return t.id == id })
	if at < 0 {
		return nil
	}
	return m.tracks[at]
}

// Unpublish takes tracks back; unknown ids are ignored.
func (m *Member) Unpublish(ids ...string) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	var removed []*Track
	for _, id := range ids {
		if t := m.track(id); t != nil {
			removed = append(removed, t)
			m.tracks = slices.DeleteFunc(m.tracks, func(o *Track) bool { return o == t })
		}
	}
	if len(removed) == 0 {
		return
	}
	m.room.broadcast(m, TracksUnpublished{Endpoint: m.info.ID, Tracks: removed})
	m.room.removed(m, removed)
}

// removed closes tracks that nobody knows any more and tells the owner.
func (r *Room) removed(m *Member, tracks []*Track) {
	for _, t := range tracks {
		t.close()
		r.events(TrackRemoved{Endpoint: m.info.ID, Track: t.infoLocked()})
	}
}

// UpdateMetadata replaces the endpoint's metadata. Nobody is told when nothing
// changed.
func (m *Member) UpdateMetadata(metadata any) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.gone || reflect.DeepEqual(m.info.Metadata, metadata) {
		return
	}
	m.info.Metadata = metadata
	m.room.broadcast(nil, EndpointUpdated{Endpoint: m.info}) // the original tells the sender too
	m.room.events(EndpointMetadataUpdated{Endpoint: m.info.ID, Metadata: metadata})
}

// UpdateTrackMetadata replaces a track's metadata; an unknown track is ignored.
func (m *Member) UpdateTrackMetadata(id string, metadata any) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	t := m.track(id)
	if t == nil || reflect.DeepEqual(t.Metadata(), metadata) {
		return
	}
	t.metadata.Store(&metadata)
	m.room.broadcast(m, TrackUpdated{Track: t, Metadata: metadata})
	m.room.events(TrackMetadataUpdated{Endpoint: m.info.ID, Track: t.infoLocked()})
}

// ToggleEncoding tells the others that a variant is paused or resumed. It only
// informs them: what they are sent follows from the packets that arrive.
// Repetitions and unknown names are ignored.
func (m *Member) ToggleEncoding(id, rid string, disabled bool) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	t := m.track(id)
	if t == nil || !t.toggle(rid, disabled) {
		return
	}
	m.room.broadcast(m, EncodingToggled{Track: t, RID: rid, Disabled: disabled})
}

// Leave takes the endpoint out of the room, with all its tracks.
func (m *Member) Leave() { m.leave(nil) }

// Fail is Leave for an endpoint that cannot go on: the room's owner gets an
// EndpointCrashed.
func (m *Member) Fail(err error) {
	if err == nil {
		err = ErrClosed
	}
	m.leave(err)
}

func (m *Member) leave(crash error) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.gone {
		return
	}
	m.gone = true
	r.members = slices.DeleteFunc(r.members, func(o *Member) bool { return o == m })
	tracks := m.tracks
	m.tracks = nil
	r.broadcast(nil, EndpointRemoved{ID: m.info.ID, Tracks: tracks})
	r.removed(m, tracks)
	if crash != nil {
		r.events(EndpointCrashed{Endpoint: m.info.ID, Err: crash})
	}
	m.endpoint.Evicted(crash)
}
