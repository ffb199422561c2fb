package httpapi

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fjord-media/fjord/room"
)

// Series of rooms that ended are shown for a while, and not for ever as the
// original's.
const (
	seriesAfterEnd = 10 * time.Minute
	maxEnded       = 1000
)

// Meter counts what happens in the rooms of this node; it is a
// prometheus.Collector of the original's names.
type Meter struct {
	mu    sync.Mutex
	rooms map[room.ID]*roomMeter
	ended []*roomMeter // in the order of their ends; at most maxEnded
}

// roomMeter is what is known of one room.
type roomMeter struct {
	id                              room.ID
	began, ended                    time.Time // ended is zero while it lives
	peers                           int
	peerTime                        time.Duration // of all peers together, until since
	since                           time.Time     // when peers changed last
	connects, disconnects, breakups int
}

// NewMeter makes one.
func NewMeter() *Meter { return &Meter{rooms: map[room.ID]*roomMeter{}} }

// Notify takes the events of this node's rooms. It does not block.
func (m *Meter) Notify(e room.Event) { m.notify(e, time.Now()) }

func (m *Meter) notify(e room.Event, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := e.Room()
	if _, begins := e.(room.RoomCreated); begins {
		m.rooms[id] = &roomMeter{id: id, began: now, since: now}
		return
	}
	r, ok := m.rooms[id]
	if !ok {
		return
	}
	switch e.(type) {
	case room.PeerAdded:
		r.change(1, now)
	case room.PeerDeleted:
		r.change(-1, now)
	case room.PeerCrashed:
		r.change(-1, now)
		r.breakups++
	case room.PeerConnected:
		r.connects++
	case room.PeerDisconnected:
		r.disconnects++
	case room.RoomDeleted, room.RoomCrashed:
		m.end(r, now)
	}
}

func (r *roomMeter) change(peers int, now time.Time) {
	r.peerTime += time.Duration(r.peers) * now.Sub(r.since)
	r.peers += peers
	r.since = now
}

func (m *Meter) end(r *roomMeter, now time.Time) {
	r.change(-r.peers, now)
	r.ended = now
	delete(m.rooms, r.id)
	m.ended = append(m.ended, r)
	m.forget(now)
}

// forget drops the oldest of those that ended.
func (m *Meter) forget(now time.Time) {
	drop := max(0, len(m.ended)-maxEnded)
	for drop < len(m.ended) && now.Sub(m.ended[drop].ended) > seriesAfterEnd {
		drop++
	}
	clear(m.ended[:drop])
	m.ended = m.ended[drop:] // not moved: 100,000 rooms may end at once
}

// snapshot copies all meters, those of ended rooms first. Of several rooms of
// one id the last counts.
func (m *Meter) snapshot(now time.Time) []roomMeter {
	m.mu.Lock()
	m.forget(now)
	byID := make(map[room.ID]roomMeter, len(m.rooms)+len(m.ended))
	for _, r := range m.ended {
		byID[r.id] = *r
	}
	for _, r := range m.rooms {
		byID[r.id] = *r
	}
	m.mu.Unlock()
	list := make([]roomMeter, 0, len(byID))
	for _, r := range byID {
		if r.ended.IsZero() {
			r.change(0, now)
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b roomMeter) int { return cmp.Compare(a.id, b.id) })
	return list
}

// roomSeries is one row of the table of metrics with a room_id.
type roomSeries struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(r roomMeter, now time.Time) float64
}

func roomTable() []roomSeries {
	row := func(name, help string, kind prometheus.ValueType, value func(roomMeter, time.Time) float64) roomSeries {
		return roomSeries{prometheus.NewDesc(name, help, []string{"room_id"}, nil), kind, value}
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	return []roomSeries{
		row("fishjam_room_peers", "Number of peers currently present in a given room", gauge,
			func(r roomMeter, _ time.Time) float64 { return float64(r.peers) }),
		row("fishjam_room_peer_time_total_seconds", "Total peer time accumulated for a given room (seconds)", counter,
			func(r roomMeter, _ time.Time) float64 { return r.peerTime.Seconds() }),
		row("fishjam_room_duration_seconds", "Duration of a given room (seconds)", counter, func(r roomMeter, now time.Time) float64 {
			if !r.ended.IsZero() {
				now = r.ended
			}
			return now.Sub(r.began).Seconds()
		}),
		row("fishjam_room_peer_connects_total", "Number of PeerConnected events emitted during the lifetime of a given room", counter,
			func(r roomMeter, _ time.Time) float64 { return float64(r.connects) }),
		row("fishjam_room_peer_disconnects_total", "Number of PeerDisconnected events emitted during the lifetime of a given room", counter,
			func(r roomMeter, _ time.Time) float64 { return float64(r.disconnects) }),
		row("fishjam_room_peer_crashes_total", "Number of PeerCrashed events emitted during the lifetime of a given room", counter,
			func(r roomMeter, _ time.Time) float64 { return float64(r.breakups) }),
	}
}

// Describe implements prometheus.Collector.
func (m *Meter) Describe(ch chan<- *prometheus.Desc) {
	for _, row := range roomTable() {
		ch <- row.desc
	}
}

// Collect implements prometheus.Collector.
func (m *Meter) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	rooms := m.snapshot(now)
	for _, row := range roomTable() {
		for _, r := range rooms {
			ch <- prometheus.MustNewConstMetric(row.desc, row.kind, row.value(r, now), string(r.id))
		}
	}
}
