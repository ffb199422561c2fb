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

// pathTable is the counters of the way of packets.
func pathTable() []mediaRow {
	count := func(name, help string, value func(room.MediaPath) int64) mediaRow {
		return mediaRow{"fjord_sfu_" + name, help, prometheus.CounterValue, func(s room.MediaStats) float64 { return float64(value(s.Path)) }}
	}
	return []mediaRow{
		count("missing_packets_total", "Packets of publishers that had not come when later ones did", func(p room.MediaPath) int64 { return p.Missing }),
		count("lost_packets_total", "Missing packets that never came", func(p room.MediaPath) int64 { return p.Lost }),
		count("restored_packets_total", "Packets that publishers sent again (RTX)", func(p room.MediaPath) int64 { return p.Restored }),
		count("dropped_packets_total", "Packets of publishers that found the queue full", func(p room.MediaPath) int64 { return p.Dropped }),
		count("nacks_sent_total", "Packets that publishers were asked to send again (NACK)", func(p room.MediaPath) int64 { return p.Asked }),
		count("nacks_received_total", "Packets that subscribers asked for again (NACK)", func(p room.MediaPath) int64 { return p.Wanted }),
		count("retransmitted_packets_total", "Packets sent to subscribers again (RTX)", func(p room.MediaPath) int64 { return p.Repeated }),
		count("reported_lost_packets_total", "Packets that subscribers' receiver reports call lost", func(p room.MediaPath) int64 { return p.Unreceived }),
		count("key_frame_requests_received_total", "Requests of subscribers for key frames (PLI, FIR)", func(p room.MediaPath) int64 { return p.KeyFrames }),
	}
}

// mediaHistogram is one row of the table of histograms.
type mediaHistogram struct {
	name, help string
	value      func(room.MediaPath) room.MediaDistribution
}

func histogramTable() []mediaHistogram {
	return []mediaHistogram{
		{"fjord_sfu_jitter_seconds", "Jitter of publishers' streams, once a second each", func(p room.MediaPath) room.MediaDistribution { return p.Jitter }},
		{"fjord_sfu_queue_age_seconds", "How long packets waited for their turn, of a sample", func(p room.MediaPath) room.MediaDistribution { return p.Queue }},
		{"fjord_sfu_latency_seconds", "From the arrival of a packet until all subscribers were sent it, of a sample",
			func(p room.MediaPath) room.MediaDistribution { return p.Latency }},
	}
}

// Describe implements prometheus.Collector.
func (m mediaMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, row := range append(mediaTable(), pathTable()...) {
		ch <- mediaDesc(row.name, row.help)
	}
	for _, row := range histogramTable() {
		ch <- mediaDesc(row.name, row.help)
	}
	ch <- variantDesc()
}

func mediaDesc(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

// variantDesc is of the only metric with a label.
func variantDesc() *prometheus.Desc {
	return prometheus.NewDesc("fjord_sfu_forwarded_variants", "Subscriptions by the variant that they get", []string{"variant"}, nil)
}

// Collect implements prometheus.Collector.
func (m mediaMetrics) Collect(ch chan<- prometheus.Metric) {
	stats := m.stats()
	for _, row := range append(mediaTable(), pathTable()...) {
		ch <- prometheus.MustNewConstMetric(mediaDesc(row.name, row.help), row.kind, row.value(stats))
	}
	for _, row := range histogramTable() {
		d := row.value(stats.Path)
		ch <- prometheus.MustNewConstHistogram(mediaDesc(row.name, row.help), uint64(d.Count()), d.Sum.Seconds(), d.Cumulative())
	}
	for variant, n := range forwardedVariants(stats) {
		ch <- prometheus.MustNewConstMetric(variantDesc(), prometheus.GaugeValue, float64(n), variant)
	}
}

// forwardedVariants counts subscriptions.
func forwardedVariants(stats room.MediaStats) map[string]int {
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
	return count
}
