package httpapi

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fjord-media/fjord/room"
)

// Stats is what the metrics listener reads at each scrape.
type Stats interface {
	Usage() room.Usage
	Links() []LinkStats
}

// LinkStats counts one distribution link's traffic.
type LinkStats struct {
	Peer                    string // node name
	BytesIn, BytesOut       uint64
	MessagesIn, MessagesOut uint64
}

// NewMetrics makes the handler of the metrics listener: GET /metrics with what
// stats and further collectors tell; anything else is 404. It needs no token,
// as the original's.
func NewMetrics(stats Stats, further ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(stats),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(further...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// gauge is one row of the table of metrics: a name and where its value comes from.
type gauge struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	emit func(emit func(value float64, labels ...string))
}

// collector pulls every value at the moment of the scrape.
type collector []gauge

func newCollector(stats Stats) collector {
	perLink := func(value func(LinkStats) uint64) func(func(float64, ...string)) {
		return func(emit func(float64, ...string)) {
			for _, l := range stats.Links() {
				emit(float64(value(l)), l.Peer)
			}
		}
	}
	one := func(value func() float64) func(func(float64, ...string)) {
		return func(emit func(float64, ...string)) { emit(value()) }
	}
	row := func(kind prometheus.ValueType, name, help string, from func(func(float64, ...string)), labels ...string) gauge {
		return gauge{prometheus.NewDesc(name, help, labels, nil), kind, from}
	}
	const g, c = prometheus.GaugeValue, prometheus.CounterValue
	return append(collector(vmGauges()),
		row(g, "fishjam_rooms", "Number of rooms currently present in Fishjam",
			one(func() float64 { return float64(stats.Usage().Rooms) })),
		row(g, "fjord_forwarded_tracks", "Tracks forwarded to subscribers on this node",
			one(func() float64 { return float64(stats.Usage().ForwardedTracks) })),
		row(g, "fjord_link_up", "Distribution links that are up", linkUp(stats), "peer"),
		row(c, "fjord_link_received_bytes_total", "Bytes received on a distribution link",
			perLink(func(l LinkStats) uint64 { return l.BytesIn }), "peer"),
		row(c, "fjord_link_sent_bytes_total", "Bytes sent on a distribution link",
			perLink(func(l LinkStats) uint64 { return l.BytesOut }), "peer"),
		row(c, "fjord_link_received_messages_total", "Messages received on a distribution link",
			perLink(func(l LinkStats) uint64 { return l.MessagesIn }), "peer"),
		row(c, "fjord_link_sent_messages_total", "Messages sent on a distribution link",
			perLink(func(l LinkStats) uint64 { return l.MessagesOut }), "peer"),
	)
}

func linkUp(stats Stats) func(func(float64, ...string)) {
	return func(emit func(float64, ...string)) {
		for _, l := range stats.Links() {
			emit(1, l.Peer)
		}
	}
}

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, row := range c {
		ch <- row.desc
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, row := range c {
		row.emit(func(value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(row.desc, row.kind, value, labels...)
		})
	}
}
