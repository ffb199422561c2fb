package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// ClusterView is what GET /cluster shows and what draining is done by.
type ClusterView interface {
	// Cluster describes this node and all others that it knows. With ask the
	// members are asked for their usage first, which takes up to half a second.
	Cluster(ctx context.Context, ask bool) ClusterReport
	// Drain begins to drain this node; it ends when no room is left, or after
	// wait (0: whenever that is).
	Drain(wait time.Duration) error
	// Undrain takes that back. ErrNotUndone when the node is already ending.
	Undrain() error
}

// ErrNotUndone says that a drain cannot be taken back any more.
var ErrNotUndone = errors.New("the node is ending")

// ClusterReport is this node and those that it knows.
type ClusterReport struct {
	Node          string        `json:"node"` // "" when not distributed
	Release       string        `json:"release"`
	Draining      bool          `json:"draining"`
	Refusing      bool          `json:"refusing"` // takes no new rooms: drains or is full
	NotReady      string        `json:"notReady"` // why; "" when it is ready
	Usage         UsageJSON     `json:"usage"`
	Members       int           `json:"members"`       // media servers, this one included
	ExpectedNodes int           `json:"expectedNodes"` // 0: not known
	Warnings      []string      `json:"warnings"`
	Nodes         []ClusterNode `json:"nodes"` // the others, by name
}

// UsageJSON is a node's load.
type UsageJSON struct {
	ForwardedTracks int `json:"forwardedTracks"`
	Rooms           int `json:"rooms"`
}

// ClusterNode is another node. Unknown times and numbers are null.
type ClusterNode struct {
	Node      string     `json:"node"`
	State     string     `json:"state"` // unknown, dialling, up or down
	Since     *time.Time `json:"since"`
	Kind      string     `json:"kind"`    // fjord, fishjam-0.6, fishjam-main, jellyfish-0.5, other or unknown
	Release   string     `json:"release"` // of a Fjord node
	Address   string     `json:"address"` // FJ_HOST of a Fjord node
	Wanted    bool       `json:"wanted"`  // a discovery strategy names it
	Hidden    bool       `json:"hidden"`
	Dialled   bool       `json:"dialled"`  // up: this node dialled
	LeftOut   bool       `json:"leftOut"`  // not asked at present, since it missed a deadline
	Refusing  bool       `json:"refusing"` // takes no new rooms
	Usage     *UsageJSON `json:"usage"`
	Reason    string     `json:"reason"`    // why it is not up: a short stable word
	Detail    string     `json:"detail"`    // the whole story
	Attempts  int        `json:"attempts"`  // failed ones since it was last up
	NextRetry *time.Time `json:"nextRetry"` // nil: none is planned
}

// showCluster is GET /cluster.
func (a *api) showCluster(c *gin.Context) {
	writeJSON(c.Writer, http.StatusOK, data{a.Cluster.Cluster(c.Request.Context(), true)})
}

// drain is POST /drain: {"timeout": seconds}; without one the node waits for its
// rooms however long that takes.
func (a *api) drain(c *gin.Context) {
	wait := time.Duration(0)
	if v, ok := paramsOf(c.Request).get("timeout"); ok && v != nil {
		seconds, ok := integer(v)
		if !ok || seconds < 0 || seconds > maxDrainSeconds {
			writeError(c.Writer, http.StatusBadRequest, "Expected timeout to be a number of seconds, got: "+inspect(v))
			return
		}
		wait = time.Duration(seconds) * time.Second
	}
	if err := a.Cluster.Drain(wait); err != nil {
		a.internalError(c, err)
		return
	}
	c.Status(http.StatusAccepted)
	c.Writer.WriteHeaderNow()
}

// maxDrainSeconds is a week.
const maxDrainSeconds = 7 * 24 * 60 * 60

// undrain is DELETE /drain.
func (a *api) undrain(c *gin.Context) {
	switch err := a.Cluster.Undrain(); {
	case errors.Is(err, ErrNotUndone):
		writeError(c.Writer, http.StatusConflict, err.Error())
	case err != nil:
		a.internalError(c, err)
	default:
		noContent(c)
	}
}

// clusterRoutes adds what this file serves.
func (a *api) clusterRoutes(auth gin.IRoutes) {
	if a.Cluster == nil {
		return
	}
	auth.GET("/cluster", a.showCluster)
	auth.POST("/drain", a.drain)
	auth.DELETE("/drain", a.undrain)
}

// clusterCollector is a ClusterView as metrics.
type clusterCollector struct {
	view  ClusterView
	descs map[string]*prometheus.Desc
}

// NewClusterMetrics makes a collector of fjord_cluster_*.
func NewClusterMetrics(view ClusterView) prometheus.Collector {
	c := &clusterCollector{view: view, descs: map[string]*prometheus.Desc{}}
	for _, d := range []struct {
		name, help string
		labels     []string
	}{
		{"fjord_cluster_nodes", "Other nodes by the state of the link to them", []string{"state"}},
		{"fjord_cluster_members", "Media servers in the cluster, this node included", nil},
		{"fjord_cluster_expected_nodes", "Nodes that the cluster should have (FJ_DIST_EXPECTED_NODES), 0 when not told", nil},
		{"fjord_cluster_draining", "Whether this node drains", nil},
		{"fjord_cluster_refusing", "Whether this node takes no new rooms", nil},
		{"fjord_cluster_peer_up", "Whether another node is linked, with its kind and release", []string{"peer", "kind", "release"}},
		{"fjord_cluster_peer_down", "Why another node is not linked", []string{"peer", "reason"}},
		{"fjord_cluster_peer_attempts", "Failed attempts to link since the node was last linked", []string{"peer"}},
		{"fjord_cluster_peer_left_out", "Whether a member is not asked at present, since it missed a deadline", []string{"peer"}},
		{"fjord_cluster_peer_since_seconds", "Unix time since which the state of the link has been what it is", []string{"peer"}},
	} {
		c.descs[d.name] = prometheus.NewDesc(d.name, d.help, d.labels, nil)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *clusterCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Nobody is asked.
func (c *clusterCollector) Collect(ch chan<- prometheus.Metric) {
	emit := func(name string, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(c.descs[name], prometheus.GaugeValue, value, labels...)
	}
	r := c.view.Cluster(context.Background(), false)
	states := map[string]int{"unknown": 0, "dialling": 0, "up": 0, "down": 0}
	for _, n := range r.Nodes {
		states[n.State]++
		emit("fjord_cluster_peer_up", zeroOne(n.State == "up"), n.Node, n.Kind, n.Release)
		if n.Reason != "" {
			emit("fjord_cluster_peer_down", 1, n.Node, n.Reason)
		}
		emit("fjord_cluster_peer_attempts", float64(n.Attempts), n.Node)
		emit("fjord_cluster_peer_left_out", zeroOne(n.LeftOut), n.Node)
		if n.Since != nil {
			emit("fjord_cluster_peer_since_seconds", float64(n.Since.UnixMilli())/1000, n.Node)
		}
	}
	for state, n := range states {
		emit("fjord_cluster_nodes", float64(n), state)
	}
	emit("fjord_cluster_members", float64(r.Members))
	emit("fjord_cluster_expected_nodes", float64(r.ExpectedNodes))
	emit("fjord_cluster_draining", zeroOne(r.Draining))
	emit("fjord_cluster_refusing", zeroOne(r.Refusing))
}

func zeroOne(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
