package httpapi

import (
	"sync"
	"time"

	"github.com/fjord-media/fjord/room"
)

// Names of the report's values, which are the original's.
const (
	reportInPackets  = "inbound-rtp.packets"
	reportInBytes    = "inbound-rtp.bytes_received"
	reportOutPackets = "outbound-rtp.packets"
	reportOutBytes   = "outbound-rtp.bytes"
	reportICEInPkts  = "ice.packets_received"
	reportICEInByte  = "ice.bytes_received"
	reportICEOutPkts = "ice.packets_sent"
	reportICEOutByte = "ice.bytes_sent"
)

// derived are the values that get a companion: the change per second.
func derived() []string {
	return []string{
		reportInPackets, reportInBytes, reportOutPackets, reportOutBytes,
		reportICEInPkts, reportICEInByte, reportICEOutPkts, reportICEOutByte,
	}
}

// Reporter makes metrics reports of what the media plane counts: JSON objects
// of rooms, endpoints and tracks, as the original's server socket sends them.
type Reporter struct {
	stats func() room.MediaStats

	mu   sync.Mutex
	last map[string]any // the report before, without rates
	at   time.Time
}

// NewReporter makes one; stats nil: there is no media, reports are empty.
func NewReporter(stats func() room.MediaStats) *Reporter { return &Reporter{stats: stats} }

// Report is the report of this moment; it is made once a second.
func (r *Reporter) Report() map[string]any { return r.report(time.Now()) }

func (r *Reporter) report(now time.Time) map[string]any {
	if r.stats == nil {
		return map[string]any{}
	}
	report := map[string]any{}
	for _, media := range r.stats().Rooms {
		if len(media.Endpoints) > 0 {
			report["room_id="+media.ID] = reportRoom(media)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, seconds := r.last, now.Sub(r.at).Seconds()
	r.last, r.at = report, now
	if last == nil || seconds <= 0 {
		return report
	}
	return withRates(report, last, seconds, derived())
}

// withRates copies a report and adds the changes per second.
func withRates(report, last map[string]any, seconds float64, names []string) map[string]any {
	out := make(map[string]any, 2*len(report))
	for key, value := range report {
		if inner, ok := value.(map[string]any); ok {
			before, _ := last[key].(map[string]any)
			if key != "endpoint.metadata" && key != "track.metadata" {
				value = withRates(inner, before, seconds, names)
			}
		}
		out[key] = value
	}
	for _, name := range names {
		value, is := report[name].(int64)
		before, was := last[name].(int64)
		if is && was {
			out[name+"-per-second"] = float64(value-before) / seconds
		}
	}
	return out
}

func reportRoom(media room.MediaRoomStats) map[string]any {
	report := make(map[string]any, len(media.Endpoints))
	for _, e := range media.Endpoints {
		report["endpoint_id="+e.ID] = reportEndpoint(e)
	}
	return report
}

func reportEndpoint(e room.MediaEndpointStats) map[string]any {
	var in, out room.MediaFlow
	report := map[string]any{"endpoint.metadata": e.Metadata}
	for _, p := range e.Published {
		in.Packets += p.Flow.Packets
		in.Bytes += p.Flow.Bytes
		report["track_id="+p.Track+":"+p.RID] = reportPublished(p)
	}
	for _, t := range e.Receives {
		out.Packets += t.Flow.Packets
		out.Bytes += t.Flow.Bytes
		report["track_id="+t.Track] = reportReceived(t)
	}
	report[reportICEInPkts], report[reportICEInByte] = in.Packets, in.Bytes
	report[reportICEOutPkts], report[reportICEOutByte] = out.Packets, out.Bytes
	if e.Bandwidth > 0 {
		report["endpoint.bandwidth"] = e.Bandwidth
	}
	return report
}

func reportPublished(p room.MediaPublishedStats) map[string]any {
	report := map[string]any{
		reportInPackets: p.Flow.Packets, reportInBytes: p.Flow.Bytes,
		"inbound-rtp.encoding": p.Codec, "track.metadata": p.Metadata,
	}
	if p.Kind == "video" {
		report["inbound-rtp.keyframes"] = p.KeyFrames
		report["inbound-rtp.keyframe_request_sent"] = p.KeyFrameRequests
	}
	return report
}

func reportReceived(t room.MediaReceivedStats) map[string]any {
	report := map[string]any{reportOutPackets: t.Flow.Packets, reportOutBytes: t.Flow.Bytes}
	if name := map[string]string{"l": "low", "m": "medium", "h": "high"}[t.Variant]; name != "" {
		report["outbound-rtp.variant"] = name
	}
	return report
}
