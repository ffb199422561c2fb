package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/room"
)

// Options of the API.
type Options struct {
	Rooms        room.Service // where rooms live
	Distribution Distribution // what /health says of the cluster; nil: not distributed
	Token        string       // bearer token of every authenticated route
	Version      string       // version that /health names
	GitCommit    string       // commit that /health names
	Logger       *slog.Logger // nil: no log
	Ready        func() error // why the node is not ready, nil when it is; nil func: always ready
}

// Distribution is what /health says of the cluster.
type Distribution interface {
	Enabled() bool       // distribution was asked for
	Up() bool            // this node is distributed now
	NodesInCluster() int // connected visible nodes and this one; 0 when not distributed
}

// api holds what the handlers share.
type api struct {
	Options
	uptime func() int64 // whole seconds since the API was made
}

// New makes the handler of the public listener.
func New(opts Options) http.Handler {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Distribution == nil {
		opts.Distribution = alone{}
	}
	a := &api{Options: opts, uptime: startClock()}
	return a.entry(a.routes())
}

// routes is the whole route table.
func (a *api) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.UseRawPath = true // %2F inside an id stays inside the id
	r.RemoveExtraSlash = true
	r.RedirectTrailingSlash = false
	r.NoRoute(notFound)

	r.GET("/livez", a.livez)
	r.GET("/readyz", a.readyz)

	auth := r.Group("/", acceptJSON, a.bearer)
	auth.GET("/health", a.health)
	auth.POST("/room", a.createRoom)
	auth.GET("/room", a.listRooms)
	auth.GET("/room/:room_id", a.showRoom)
	auth.DELETE("/room/:room_id", a.deleteRoom)
	return r
}
