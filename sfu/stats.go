package sfu

import "github.com/fjord-media/fjord/sfu/tally"

// Stats is what the media plane of a node has counted. All counts grow only.
type Stats struct {
	Rooms []RoomStats // in no order
	Total Totals
	Path  tally.Sums // of the media path, since the node began
}

// Totals sums up all rooms there have been.
type Totals struct {
	Received, Sent    Flow
	KeyFrames         int64 // that came from publishers
	KeyFrameRequests  int64 // that publishers were sent (RFC 4585 §6.3.1)
	Tracks, Endpoints int   // that there are now
}

// Flow counts packets of media; bytes are those of whole SRTP packets without
// UDP and IP. Retransmissions are not among what was sent.
type Flow struct{ Packets, Bytes int64 }

func (f *Flow) add(o Flow) {
	f.Packets += o.Packets
	f.Bytes += o.Bytes
}

// RoomStats is one room.
type RoomStats struct {
	ID        string
	Endpoints []EndpointStats // in order of arrival
}

// EndpointStats is one endpoint: what came from it and went to it.
type EndpointStats struct {
	ID        string
	Metadata  any
	Bandwidth int // bit/s that the path to it is believed to take; 0: not estimated
	Published []PublishedStats
	Receives  []ReceivedStats
}

// PublishedStats is one variant of a track that the endpoint publishes.
type PublishedStats struct {
	Track            string
	RID              string // "" without simulcast
	Kind             Kind
	Codec            string
	Metadata         any
	Flow             Flow // packets by their numbers: those that were lost count
	KeyFrames        int64
	KeyFrameRequests int64
	Bitrate          int // bit/s that arrive at present
	Active           bool
}

// ReceivedStats is a track of another endpoint that this one gets.
type ReceivedStats struct {
	Track   string
	Owner   string // the publishing endpoint
	Variant string // RID of what is sent at present; "" before the first packet
	Flow    Flow
}
