package room

import (
	"github.com/fjord-media/fjord/sfu"
	"github.com/fjord-media/fjord/sfu/tally"
)

// What the media plane counts, for those who may not know it.
type (
	// MediaStats is a node's.
	MediaStats = sfu.Stats
	// MediaTotals sums up all rooms there have been.
	MediaTotals = sfu.Totals
	// MediaFlow counts packets and bytes.
	MediaFlow = sfu.Flow
	// MediaPath counts what happens on the way of packets.
	MediaPath = tally.Sums
	// MediaDistribution is a histogram of times.
	MediaDistribution = tally.Distribution
	// MediaRoomStats is a room's.
	MediaRoomStats = sfu.RoomStats
	// MediaEndpointStats is an endpoint's.
	MediaEndpointStats = sfu.EndpointStats
	// MediaPublishedStats is one variant of a published track.
	MediaPublishedStats = sfu.PublishedStats
	// MediaReceivedStats is a track that an endpoint gets.
	MediaReceivedStats = sfu.ReceivedStats
)
