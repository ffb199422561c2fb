package main

import (
	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/room"
)

// stats feeds the metrics listener.
type stats struct{ s *server }

// Usage is the load of this node.
func (s stats) Usage() room.Usage { return s.s.rooms.Usage() }

// Links lists the distribution links that are up.
func (s stats) Links() []httpapi.LinkStats {
	var links []httpapi.LinkStats
	for _, name := range s.s.cluster.Nodes() {
		if l, ok := s.s.node.LinkStats(name); ok {
			links = append(links, httpapi.LinkStats{
				Peer: name, BytesIn: l.BytesIn, BytesOut: l.BytesOut,
				MessagesIn: l.MessagesIn, MessagesOut: l.MessagesOut,
			})
		}
	}
	return links
}
