package httpapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/room"
)

// Options of the API.
type Options struct {
	Rooms      room.Service          // where rooms live
	Peers      room.PeerService      // nil: Rooms, if it is one, else none
	Components room.ComponentService // likewise
	// PeersDisabled and ComponentsUsed are FJ_WEBRTC_USED and
	// FJ_COMPONENTS_USED, for checks that come before a room is asked.
	PeersDisabled  bool
	ComponentsUsed []string

	Host string // FJ_HOST, under which this node's peers connect
	// PeerAddress is where the peers of a room connect; nil: Host, always.
	PeerAddress func(room.ID) string
	Tokens      *token.Signer // makes peer tokens; nil: no peers
	Resources   string        // folder of recordings

	Distribution Distribution // what /health says of the cluster; nil: not distributed
	Token        string       // bearer token of every authenticated route
	Version      string       // version that /health names
	GitCommit    string       // commit that /health names
	Logger       *slog.Logger // nil: no log
	Ready        func() error // why the node is not ready, nil when it is; nil func: always ready
	Sockets      *Sockets     // nil: no websockets
	Cluster      ClusterView  // nil: neither /cluster nor /drain
	// IgnoreRoomID makes POST /room leave a client's roomId unread, valid or not:
	// ids of request routing (FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED) name their node.
	IgnoreRoomID bool
	// RoomElsewhere is the FJ_HOST of the other node that has a room, false when
	// the room is here or nobody is known to have it; room.ErrInvalidID,
	// room.ErrUnreachable. Files of the room are redirected there. nil: rooms are here.
	RoomElsewhere func(context.Context, room.ID) (address string, elsewhere bool, err error)
	LogLevel      LogLevel // nil: no /log/level
	Traffic       *Traffic // counts requests; nil: one that nobody reads
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
	a := newAPI(opts)
	return a.entry(a.routes())
}

func newAPI(opts Options) *api {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Distribution == nil {
		opts.Distribution = alone{}
	}
	if opts.Peers == nil {
		opts.Peers, _ = opts.Rooms.(room.PeerService)
	}
	if opts.Components == nil {
		opts.Components, _ = opts.Rooms.(room.ComponentService)
	}
	if opts.Traffic == nil {
		opts.Traffic = NewTraffic()
	}
	return &api{Options: opts, uptime: startClock()}
}

// routes is the whole route table.
func (a *api) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.UseRawPath = true // %2F inside an id stays inside the id
	r.RedirectTrailingSlash = false
	r.NoRoute(notFound)
	r.Use(a.Traffic.route)

	r.GET("/livez", a.livez)
	r.GET("/readyz", a.readyz)

	auth := r.Group("/", acceptJSON, a.bearer)
	auth.GET("/health", a.health)
	auth.POST("/room", a.createRoom)
	auth.GET("/room", a.listRooms)
	auth.GET("/room/:room_id", a.showRoom)
	auth.DELETE("/room/:room_id", a.deleteRoom)
	if a.Peers != nil && a.Tokens != nil {
		auth.POST("/room/:room_id/peer", a.addPeer)
		auth.DELETE("/room/:room_id/peer/:id", a.deletePeer)
	}
	if a.Components != nil {
		auth.POST("/room/:room_id/component", a.addComponent)
		auth.DELETE("/room/:room_id/component/:id", a.deleteComponent)
		auth.POST("/room/:room_id/component/:id/subscribe", a.subscribe)
		auth.POST("/sip/:room_id/:component_id/call", a.dial)
		auth.DELETE("/sip/:room_id/:component_id/call", a.endCall)
	}
	a.clusterRoutes(auth)
	auth.GET("/recording", a.listRecordings)
	auth.DELETE("/recording/:recording_id", a.deleteRecording)
	r.GET("/recording/:recording_id/:filename", a.recordingFile)
	r.GET("/hls/:room_id/:filename", a.hlsFile)
	if a.LogLevel != nil {
		auth.GET("/log/level", a.showLogLevel)
		auth.PUT("/log/level", a.setLogLevel)
	}
	a.pageRoutes(r)
	return r
}
