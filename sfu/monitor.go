package sfu

import (
	"slices"
	"sync"
	"time"

	"github.com/fjord-media/fjord/sfu/srtp"
)

const (
	// sampleSpacing is the least time between two readings of the counters.
	sampleSpacing = 200 * time.Millisecond
	// maxStep is the largest step of sequence numbers between two readings:
	// more is another stream.
	maxStep = 1 << 20
	// headerBytes is what a packet has beside its payload: the fixed header and
	// the extension with the transport-wide sequence number.
	headerBytes = 12 + 8
)

// Monitor reads the counters of an engine. The media path keeps few of them,
// and none that it would have to share: the Monitor makes running totals of
// what it sees at each reading, so it must be read about once a second. What
// flows before the first and after the last reading of a track is not counted.
type Monitor struct {
	engine *Engine

	mu       sync.Mutex
	at       time.Time // of the newest reading
	last     Stats
	ups      map[*Variant]*upCount
	downs    map[*downTrack]*downCount
	total    Totals
	interval time.Duration // since the reading before
}

// upCount is the running total of a variant.
type upCount struct {
	newest, key uint64 // extended sequence numbers
	requested   int64
	flow        Flow
	keyFrames   int64
	requests    int64
	seen        bool // at the newest reading
}

// downCount is the running total of a subscription.
type downCount struct {
	packets, octets uint32
	flow            Flow
	seen            bool
}

// NewMonitor makes a Monitor.
func NewMonitor(e *Engine) *Monitor {
	return &Monitor{engine: e, ups: map[*Variant]*upCount{}, downs: map[*downTrack]*downCount{}}
}

// Read returns the counts of this moment, or those of a moment ago.
func (m *Monitor) Read() Stats { return m.read(time.Now()) }

func (m *Monitor) read(now time.Time) Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.interval = now.Sub(m.at); m.interval < sampleSpacing {
		return m.last
	}
	if m.at.IsZero() {
		m.interval = 0
	}
	m.at = now
	m.total.Tracks, m.total.Endpoints = 0, 0
	var s Stats
	for _, r := range m.engine.list() {
		s.Rooms = append(s.Rooms, m.room(r))
	}
	m.forget()
	s.Total, s.Path = m.total, m.engine.tally.Sum()
	m.last = s
	return s
}

func (e *Engine) list() []*Room {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*Room, 0, len(e.rooms))
	for _, r := range e.rooms {
		list = append(list, r)
	}
	return list
}

// forget drops what was not seen, and has the rest be seen again.
func (m *Monitor) forget() {
	for v, c := range m.ups {
		if !c.seen {
			delete(m.ups, v)
		}
		c.seen = false
	}
	for d, c := range m.downs {
		if !c.seen {
			delete(m.downs, d)
		}
		c.seen = false
	}
}

// present is an endpoint as a room lists it.
type present struct {
	info   EndpointInfo
	down   *downlink // nil: no browser
	tracks []*Track
}

func (r *Room) present() []present {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]present, 0, len(r.members))
	for _, m := range r.members {
		p := present{info: m.info, tracks: slices.Clone(m.tracks)}
		if s, ok := m.endpoint.(*session); ok {
			p.down = s.down
		}
		list = append(list, p)
	}
	return list
}

func (m *Monitor) room(r *Room) RoomStats {
	members := r.present()
	stats := RoomStats{ID: r.id, Endpoints: make([]EndpointStats, len(members))}
	place := make(map[*downlink]*EndpointStats, len(members))
	for i, p := range members {
		e := &stats.Endpoints[i]
		e.ID, e.Metadata = p.info.ID, p.info.Metadata
		if p.down == nil {
			continue
		}
		place[p.down] = e
		if estimator := p.down.bandwidth.estimator; estimator != nil {
			e.Bandwidth = estimator.Estimate()
		}
	}
	m.total.Endpoints += len(members)
	for i, p := range members {
		m.total.Tracks += len(p.tracks)
		for _, t := range p.tracks {
			stats.Endpoints[i].Published = append(stats.Endpoints[i].Published, m.published(t)...)
			for _, sink := range *t.subs.Load() {
				d, ok := sink.(*downTrack)
				if !ok {
					continue
				}
				if e := place[d.down]; e != nil {
					e.Receives = append(e.Receives, m.received(d))
				}
			}
		}
	}
	return stats
}

func (m *Monitor) published(t *Track) []PublishedStats {
	list := make([]PublishedStats, 0, len(t.variants))
	for _, v := range t.variants {
		c := m.up(v)
		p := PublishedStats{
			Track: t.id, Kind: t.Kind(), Codec: t.config.Codec, Metadata: t.Metadata(),
			Flow: c.flow, KeyFrames: c.keyFrames, KeyFrameRequests: c.requests, Bitrate: v.Measured(), Active: v.Active(),
		}
		if t.Simulcast() {
			p.RID = v.rid
		}
		list = append(list, p)
	}
	return list
}

// up reads a variant.
func (m *Monitor) up(v *Variant) *upCount {
	newest, requested := v.history.Newest(), v.requested.Load()
	key, _, hasKey := v.history.Key()
	c, known := m.ups[v]
	if !known {
		c = &upCount{newest: newest}
		m.ups[v] = c
	}
	c.seen = true
	var flow Flow
	if step := newest - c.newest; c.newest != 0 && newest > c.newest && step < maxStep {
		flow.Packets = int64(step)
	}
	flow.Bytes = int64(float64(v.Measured())/8*m.interval.Seconds()) + flow.Packets*srtp.Overhead
	c.newest = newest
	c.flow.add(flow)
	m.total.Received.add(flow)
	if hasKey && key != c.key {
		c.key = key
		c.keyFrames++
		m.total.KeyFrames++
	}
	if requested != c.requested {
		c.requested = requested
		c.requests++
		m.total.KeyFrameRequests++
	}
	return c
}

// received reads a subscription.
func (m *Monitor) received(d *downTrack) ReceivedStats {
	packets, octets := d.packets.Load(), d.octets.Load()
	d.mu.Lock()
	current := d.choice.current
	d.mu.Unlock()
	c, known := m.downs[d]
	if !known {
		c = &downCount{}
		m.downs[d] = c
	}
	c.seen = true
	step := int64(packets - c.packets) // the counters wrap
	flow := Flow{Packets: step, Bytes: int64(octets-c.octets) + step*(headerBytes+srtp.Overhead)}
	c.packets, c.octets = packets, octets
	c.flow.add(flow)
	m.total.Sent.add(flow)
	stats := ReceivedStats{Track: d.track.id, Owner: d.track.owner, Flow: c.flow}
	if current != none {
		stats.Variant = d.track.variants[current].rid
	}
	return stats
}
