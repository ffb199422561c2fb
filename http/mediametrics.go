package httpapi

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fjord-media/fjord/room"
)

// mediaMetrics is a prometheus.Collector of what the media plane counts.
type mediaMetrics struct{ stats func() room.MediaStats }

// NewMediaMetrics makes the collector of the fjord_sfu_* metrics.
func NewMediaMetrics(stats func() room.MediaStats) prometheus.Collector { return mediaMetrics{stats} }

// mediaRow is one row of the table of media metrics.
type mediaRow struct {
	name, help string
	kind       prometheus.ValueType
	value      func(room.MediaStats) float64
}

func mediaTable() []mediaRow {
	const g, c = prometheus.GaugeValue, prometheus.CounterValue
	total := func(value func(room.MediaTotals) int64) func(room.MediaStats) float64 {
		return func(s room.MediaStats) float64 { return float64(value(s.Total)) }
	}
	return []mediaRow{
		{"fjord_sfu_rooms", "Rooms with media", g, func(s room.MediaStats) float64 { return float64(len(s.Rooms)) }},
		{"fjord_sfu_endpoints", "Endpoints that are connected", g, total(func(t room.MediaTotals) int64 { return int64(t.Endpoints) })},
		{"fjord_sfu_tracks", "Tracks that are published", g, total(func(t room.MediaTotals) int64 { return int64(t.Tracks) })},
		{"fjord_sfu_received_packets_total", "Media packets of publishers, by their numbers", c,
			total(func(t room.MediaTotals) int64 { return t.Received.Packets })},
		{"fjord_sfu_received_bytes_total", "Bytes of media that came from publishers", c,
			total(func(t room.MediaTotals) int64 { return t.Received.Bytes })},
		{"fjord_sfu_sent_packets_total", "Media packets sent to subscribers, without retransmissions", c,
			total(func(t room.MediaTotals) int64 { return t.Sent.Packets })},
		{"fjord_sfu_sent_bytes_total", "Bytes of media sent to subscribers, without retransmissions", c,
			total(func(t room.MediaTotals) int64 { return t.Sent.Bytes })},
		{"fjord_sfu_key_frames_total", "Key frames of publishers", c, total(func(t room.MediaTotals) int64 { return t.KeyFrames })},
		{"fjord_sfu_key_frame_requests_total", "Requests for key frames (PLI) sent to publishers", c,
			total(func(t room.MediaTotals) int64 { return t.KeyFrameRequests })},
	}
}

// Describe implements prometheus.Collector.
func (m mediaMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, row := range mediaTable() {
		ch <- prometheus.NewDesc(row.name, row.help, nil, nil)
	}
	ch <- variantDesc()
}

// variantDesc is of the only metric with a label.
func variantDesc() *prometheus.Desc {
	return prometheus.NewDesc("fjord_sfu_forwarded_variants", "Subscriptions by the variant that they get", []string{"variant"}, nil)
}

// Collect implements prometheus.Collector.
func (m mediaMetrics) Collect(ch chan<- prometheus.Metric) {
	stats := m.stats()
	for _, row := range mediaTable() {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(row.name, row.help, nil, nil), row.kind, row.value(stats))
	}
	count := map[string]int{"l": 0, "m": 0, "h": 0, "none": 0}
	for _, r := range stats.Rooms {
		for _, e := range r.Endpoints {
			for _, t := range e.Receives {
				if t.Variant == "" {
					t.Variant = "none"
				}
				count[t.Variant]++
			}
		}
	}
	for variant, n := range count {
		ch <- prometheus.MustNewConstMetric(variantDesc(), prometheus.GaugeValue, float64(n), variant)
	}
}
