package httpapi

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// alone is the Distribution of a node that is in no cluster.
type alone struct{}

func (alone) Enabled() bool       { return false }
func (alone) Up() bool            { return false }
func (alone) NodesInCluster() int { return 0 }

// startClock returns a function that says how many whole seconds have passed.
func startClock() func() int64 {
	start := time.Now()
	return func() int64 { return int64(time.Since(start) / time.Second) }
}

type healthJSON struct {
	Distribution distributionJSON `json:"distribution"`
	GitCommit    string           `json:"gitCommit"`
	Status       string           `json:"status"`
	Uptime       int64            `json:"uptime"`
	Version      string           `json:"version"`
}

type distributionJSON struct {
	Enabled        bool   `json:"enabled"`
	NodeStatus     string `json:"nodeStatus"`
	NodesInCluster int    `json:"nodesInCluster"`
}

// health is GET /health: always 200 for whoever has the token.
func (a *api) health(c *gin.Context) {
	d := a.Distribution
	status := "DOWN"
	if d.Up() {
		status = "UP"
	}
	writeJSON(c.Writer, http.StatusOK, data{healthJSON{
		Distribution: distributionJSON{d.Enabled(), status, d.NodesInCluster()},
		GitCommit:    a.GitCommit,
		Status:       "UP",
		Uptime:       a.uptime(),
		Version:      a.Version,
	}})
}

// livez is GET /livez: this process answers. It depends on nothing else.
func (a *api) livez(c *gin.Context) { c.String(http.StatusOK, "ok") }

// readyz is GET /readyz: 503 with the reason while the node takes no work.
func (a *api) readyz(c *gin.Context) {
	if a.Ready == nil {
		c.String(http.StatusOK, "ok")
		return
	}
	if err := a.Ready(); err != nil {
		c.String(http.StatusServiceUnavailable, "not ready: %s", err)
		return
	}
	c.String(http.StatusOK, "ok")
}
