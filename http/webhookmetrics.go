package httpapi

import "github.com/prometheus/client_golang/prometheus"

// webhookTable is the table of webhook metrics.
func (w *Webhooks) webhookTable() []gauge {
	row := func(kind prometheus.ValueType, name, help string, value func() float64) gauge {
		return gauge{prometheus.NewDesc(name, help, nil, nil), kind, func(emit func(float64, ...string)) { emit(value()) }}
	}
	const g, c = prometheus.GaugeValue, prometheus.CounterValue
	return []gauge{
		row(c, "fjord_webhook_delivered_total", "Notifications that a webhook took", func() float64 { return float64(w.counts.Delivered.Load()) }),
		row(c, "fjord_webhook_failed_total", "Notifications given up", func() float64 { return float64(w.counts.Failed.Load()) }),
		row(c, "fjord_webhook_dropped_total", "Notifications for which a queue had no room", func() float64 { return float64(w.counts.Dropped.Load()) }),
		row(c, "fjord_webhook_retries_total", "Further attempts", func() float64 { return float64(w.counts.Retried.Load()) }),
		row(g, "fjord_webhook_waiting", "Notifications that wait", func() float64 { n, _ := w.Waiting(); return float64(n) }),
		row(g, "fjord_webhook_oldest_seconds", "Age of the oldest notification that waits",
			func() float64 { _, oldest := w.Waiting(); return oldest.Seconds() }),
	}
}

// Describe implements prometheus.Collector.
func (w *Webhooks) Describe(ch chan<- *prometheus.Desc) { collector(w.webhookTable()).Describe(ch) }

// Collect implements prometheus.Collector.
func (w *Webhooks) Collect(ch chan<- prometheus.Metric) { collector(w.webhookTable()).Collect(ch) }
