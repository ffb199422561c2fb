package httpapi

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// What the original adds to its estimate of HTTP traffic, in bytes.
const (
	ingressExtra = 14 // of each request
	egressExtra  = 79 // of each answer
	headerExtra  = 4  // of each header
)

// Traffic measures HTTP requests under the names of the original, whose
// gauges hold the last value; it is a prometheus.Collector.
type Traffic struct {
	// Media is how many bytes of media came in and went out; nil: none. It is
	// set before use.
	Media func() (ingress, egress int64)

	ingress, egress    atomic.Int64 // bytes
	began, took        atomic.Int64 // of the last request: Unix nanoseconds, nanoseconds
	requests, failures atomic.Int64
	sockets            atomic.Int64 // open now

	mu     sync.Mutex
	routes map[string]routeTiming
}

// routeTiming is the last request of a route.
type routeTiming struct {
	began    time.Time
	took     time.Duration
	panicked time.Duration // of the last one that did; 0: none
}

// NewTraffic makes one.
func NewTraffic() *Traffic { return &Traffic{routes: map[string]routeTiming{}} }

// request counts what comes in. Unlike the original it counts the body, too.
func (t *Traffic) request(r *http.Request) {
	n := len(r.Method) + len(r.URL.Path) + len(r.URL.RawQuery) + ingressExtra + headerBytes(r.Header)
	t.ingress.Add(int64(n) + max(0, r.ContentLength))
}

// answer counts what went out, after the request.
func (t *Traffic) answer(w *countingWriter, began time.Time) {
	t.requests.Add(1)
	if w.status >= http.StatusInternalServerError {
		t.failures.Add(1)
	}
	t.egress.Add(int64(w.body + headerBytes(w.Header()) + egressExtra))
	t.began.Store(began.UnixNano())
	t.took.Store(int64(time.Since(began)))
}

func headerBytes(h http.Header) int {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + headerExtra
		}
	}
	return n
}

// route is gin middleware that notes when a route was taken and how long it
// took.
func (t *Traffic) route(c *gin.Context) {
	began, ok := time.Now(), false
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		timing := t.routes[c.FullPath()]
		timing.began, timing.took = began, time.Since(began)
		if !ok {
			timing.panicked = timing.took
		}
		t.routes[c.FullPath()] = timing
	}()
	c.Next()
	ok = true
}

// countingWriter counts the body.
type countingWriter struct {
	http.ResponseWriter
	status int
	body   int
}

// WriteHeader notes the status.
func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.body += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Describe implements prometheus.Collector: which series there are is known
// only when a route was taken.
func (t *Traffic) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (t *Traffic) Collect(ch chan<- prometheus.Metric) {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	emit := func(kind prometheus.ValueType, name, help string, value float64) {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), kind, value)
	}
	emit(counter, "fishjam_traffic_ingress_http_total_bytes", "Total HTTP traffic received (bytes)", float64(t.ingress.Load()))
	emit(counter, "fishjam_traffic_egress_http_total_bytes", "Total HTTP traffic sent (bytes)", float64(t.egress.Load()))
	var in, out int64
	if t.Media != nil {
		in, out = t.Media()
	}
	emit(counter, "fishjam_traffic_ingress_webrtc_total_bytes", "Total WebRTC traffic received (bytes)", float64(in))
	emit(counter, "fishjam_traffic_egress_webrtc_total_bytes", "Total WebRTC traffic sent (bytes)", float64(out))
	emit(counter, "fjord_http_requests_total", "HTTP requests answered", float64(t.requests.Load()))
	emit(counter, "fjord_http_failures_total", "HTTP requests answered with 5xx", float64(t.failures.Load()))
	emit(gauge, "fjord_sockets", "Websockets that are open", float64(t.sockets.Load()))
	if began := t.began.Load(); began != 0 {
		emit(gauge, "phoenix_endpoint_start_system_time_seconds", "", float64(began)/1e9)
		emit(gauge, "phoenix_endpoint_stop_duration_seconds", "", float64(t.took.Load())/1e9)
	}
	t.collectRoutes(ch)
}

func (t *Traffic) collectRoutes(ch chan<- prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	emit := func(name, route string, value float64) {
		desc := prometheus.NewDesc("phoenix_router_dispatch_"+name+"_seconds", "", []string{"route"}, nil)
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, route)
	}
	for route, timing := range t.routes {
		emit("start_system_time", route, float64(timing.began.UnixNano())/1e9)
		emit("stop_duration", route, timing.took.Seconds())
		if timing.panicked > 0 {
			emit("exception_duration", route, timing.panicked.Seconds())
		}
	}
}
