package dist

import "sync/atomic"

// Stats of a link. Bytes count framing and ticks; messages do not count ticks.
type Stats struct {
	BytesIn, BytesOut, MessagesIn, MessagesOut uint64

	Queued  int    // bytes waiting to be written, 128 more for each message
	Dropped uint64 // received messages that made no sense, or only in part
	Ticks   uint64 // received ticks
}

// counters are the live Stats.
type counters struct {
	bytesIn, bytesOut, messagesIn, messagesOut, dropped, ticks atomic.Uint64
}

// Stats counts traffic since the link began.
func (l *Link) Stats() Stats {
	return Stats{
		BytesIn: l.stats.bytesIn.Load(), BytesOut: l.stats.bytesOut.Load(),
		MessagesIn: l.stats.messagesIn.Load(), MessagesOut: l.stats.messagesOut.Load(),
		Queued: l.queue.queued(), Dropped: l.stats.dropped.Load(), Ticks: l.stats.ticks.Load(),
	}
}
