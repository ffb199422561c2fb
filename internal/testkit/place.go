package testkit

import (
	"os"
	"strconv"
	"testing"
)

// Place is where a test starts its nodes: a machine of its own for root, with
// every port free, else this one.
type Place struct {
	Host *Host // nil: this machine
}

// NewPlace returns a machine with nothing but a loopback interface, or this
// one for a user who cannot make namespaces.
func NewPlace(t testing.TB) Place {
	t.Helper()
	if os.Geteuid() != 0 {
		return Place{}
	}
	return Place{Host: NewLab(t).Loopback()}
}

// Cluster is what the nodes of one test have in common.
type Cluster struct {
	EPMDPort int
	Env      map[string]string
}

// NewCluster returns settings for nodes on this machine with a port mapper of
// their own, in the process of the first of them.
func NewCluster(t testing.TB) Cluster {
	t.Helper()
	port := FreePorts(t, 1)[0]
	return Cluster{EPMDPort: port, Env: map[string]string{
		"ERL_EPMD_PORT":   strconv.Itoa(port),
		"FJ_DIST_ENABLED": "true",
		"FJ_DIST_EPMD":    "embedded",
	}}
}

// Node starts a node called name; more holds further variables as KEY, value pairs.
func (c Cluster) Node(t testing.TB, name string, more ...string) *Fjord {
	t.Helper()
	env := map[string]string{"FJ_DIST_NODE_NAME": name}
	for k, v := range c.Env {
		env[k] = v
	}
	for i := 0; i+1 < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return StartFjord(t, FjordOptions{Env: env})
}

// EPMDEnv is what another program needs to find the cluster's port mapper.
func (c Cluster) EPMDEnv() []string { return []string{"ERL_EPMD_PORT=" + strconv.Itoa(c.EPMDPort)} }
