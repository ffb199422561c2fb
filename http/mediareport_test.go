package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fjord-media/fjord/room"
)

// mediaOf is a room of two: a sends n packets to b.
func mediaOf(n int64) room.MediaStats {
	flow := room.MediaFlow{Packets: n, Bytes: 1000 * n}
	latency := room.MediaDistribution{Sum: 2 * time.Second}
	latency.Counts[0], latency.Counts[len(latency.Counts)-1] = n, 1
	return room.MediaStats{
		Path: room.MediaPath{
			Missing: 11, Lost: 12, Restored: 13, Dropped: 14, Asked: 15, Wanted: 16, Repeated: 17, Unreceived: 18, KeyFrames: 19, Latency: latency,
		},
		Total: room.MediaTotals{Received: flow, Sent: flow, Tracks: 1, Endpoints: 2, KeyFrames: 1},
		Rooms: []room.MediaRoomStats{{ID: "empty"}, {ID: "r", Endpoints: []room.MediaEndpointStats{
			{ID: "a", Metadata: map[string]any{"inbound-rtp.packets": 1}, Published: []room.MediaPublishedStats{
				{Track: "a:1", RID: "l", Kind: "video", Codec: "VP8", Flow: flow, KeyFrames: 1, KeyFrameRequests: 2},
				{Track: "a:2", Kind: "audio", Codec: "opus", Metadata: "mic"},
			}},
			{ID: "b", Bandwidth: 300_000, Receives: []room.MediaReceivedStats{{Track: "a:1", Owner: "a", Variant: "l", Flow: flow}}},
		}}},
	}
}

func TestReporter(t *testing.T) {
	n := int64(10)
	r := NewReporter(func() room.MediaStats { return mediaOf(n) })
	now := time.Now()
	text := func(report map[string]any) string {
		b, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := text(r.report(now))
	if strings.Contains(first, "per-second") || strings.Contains(first, "empty") {
		t.Error(first)
	}
	n = 30
	want := `{"room_id=r":{` +
		`"endpoint_id=a":{"endpoint.metadata":{"inbound-rtp.packets":1},` +
		`"ice.bytes_received":30000,"ice.bytes_received-per-second":10000,"ice.bytes_sent":0,"ice.bytes_sent-per-second":0,` +
		`"ice.packets_received":30,"ice.packets_received-per-second":10,"ice.packets_sent":0,"ice.packets_sent-per-second":0,` +
		`"track_id=a:1:l":{"inbound-rtp.bytes_received":30000,"inbound-rtp.bytes_received-per-second":10000,` +
		`"inbound-rtp.encoding":"VP8","inbound-rtp.keyframe_request_sent":2,"inbound-rtp.keyframes":1,` +
		`"inbound-rtp.packets":30,"inbound-rtp.packets-per-second":10,"track.metadata":null},` +
		`"track_id=a:2:":{"inbound-rtp.bytes_received":0,"inbound-rtp.bytes_received-per-second":0,"inbound-rtp.encoding":"opus",` +
		`"inbound-rtp.packets":0,"inbound-rtp.packets-per-second":0,"track.metadata":"mic"}},` +
		`"endpoint_id=b":{"endpoint.bandwidth":300000,"endpoint.metadata":null,` +
		`"ice.bytes_received":0,"ice.bytes_received-per-second":0,"ice.bytes_sent":30000,"ice.bytes_sent-per-second":10000,` +
		`"ice.packets_received":0,"ice.packets_received-per-second":0,"ice.packets_sent":30,"ice.packets_sent-per-second":10,` +
		`"track_id=a:1":{"outbound-rtp.bytes":30000,"outbound-rtp.bytes-per-second":10000,` +
		`"outbound-rtp.packets":30,"outbound-rtp.packets-per-second":10,"outbound-rtp.variant":"low"}}}}`
	if diff := cmp.Diff(want, text(r.report(now.Add(2*time.Second)))); diff != "" {
		t.Error(diff)
	}
	if got := text(NewReporter(nil).Report()); got != "{}" {
		t.Error(got)
	}
}

func TestMediaMetrics(t *testing.T) {
	w := httptest.NewRecorder()
	stats := func() room.MediaStats { return mediaOf(7) }
	NewMetrics(noStats{}, NewMediaMetrics(stats)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		"fjord_sfu_rooms 2", "fjord_sfu_endpoints 2", "fjord_sfu_tracks 1", "fjord_sfu_received_packets_total 7",
		"fjord_sfu_received_bytes_total 7000", "fjord_sfu_sent_packets_total 7", "fjord_sfu_key_frames_total 1",
		`fjord_sfu_forwarded_variants{variant="l"} 1`, `fjord_sfu_forwarded_variants{variant="none"} 0`,
		"fjord_sfu_missing_packets_total 11", "fjord_sfu_lost_packets_total 12", "fjord_sfu_restored_packets_total 13",
		"fjord_sfu_dropped_packets_total 14", "fjord_sfu_nacks_sent_total 15", "fjord_sfu_nacks_received_total 16",
		"fjord_sfu_retransmitted_packets_total 17", "fjord_sfu_reported_lost_packets_total 18", "fjord_sfu_key_frame_requests_received_total 19",
		`fjord_sfu_latency_seconds_bucket{le="5e-05"} 7`, `fjord_sfu_latency_seconds_bucket{le="1"} 7`, `fjord_sfu_latency_seconds_bucket{le="+Inf"} 8`,
		"fjord_sfu_latency_seconds_sum 2", "fjord_sfu_latency_seconds_count 8", "fjord_sfu_jitter_seconds_count 0", "fjord_sfu_queue_age_seconds_count 0",
	} {
		if !strings.Contains(w.Body.String(), "\n"+line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
}

// TestMediaMetricsAreDocumented: the table of the manual has each of them, with
// its type and its help, and nothing else.
func TestMediaMetricsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `fjord_sfu_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewMediaMetrics(func() room.MediaStats { return mediaOf(1) }))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range families {
		kind := strings.ToLower(f.GetType().String())
		if len(f.GetMetric()[0].GetLabel()) > 0 {
			kind += ", label `" + f.GetMetric()[0].GetLabel()[0].GetName() + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", f.GetName(), kind, f.GetHelp()))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
