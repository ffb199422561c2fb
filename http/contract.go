// Package httpapi is REST, sockets and metrics.
package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/fjord-media/fjord/room"
)

// ---- CONTRACT (the owner of http replaces this file) ----

// Distribution is what /health says of the cluster.
type Distribution interface {
	Enabled() bool
	Up() bool            // nodeStatus
	NodesInCluster() int // visible nodes + 1; 0 when not distributed
}

// Options of the API.
type Options struct {
	Rooms        room.Service
	Distribution Distribution
	Token        string
	Version      string // "0.6.3" is what /health prints for compatibility
	GitCommit    string
	Logger       *slog.Logger
	Ready        func() error // /readyz
}

// New makes the API's handler.
func New(opts Options) http.Handler { panic("stub") }

// NewMetrics makes the handler of the metrics listener (/metrics, anything else 404).
// stats are pulled at scrape time.
func NewMetrics(stats Stats) http.Handler { panic("stub") }

// Stats feeds metrics.
type Stats interface{ Usage() room.Usage }
