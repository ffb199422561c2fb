//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// mapperProcess starts a port mapper in the foreground.
func mapperProcess(t *testing.T, port int, program ...string) *testkit.Process {
	t.Helper()
	args := append(program[1:], "-port", strconv.Itoa(port), "-address", "127.0.0.1")
	p := testkit.Start(t, testkit.Command{Name: "epmd", Path: program[0], Args: args})
	testkit.Within(t, time.Second, "epmd answers", func() bool {
		return testkit.PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", port))
	})
	return p
}

// registered asks the port mapper for its names.
func registered(t *testing.T, port int) string {
	t.Helper()
	out, _ := exec.Command(testkit.Binary(t), "epmd", "-port", strconv.Itoa(port), "-names").CombinedOutput()
	return string(out)
}

// Nodes register again within five seconds after EPMD, whosoever, was restarted.
func TestEPMDRestart(t *testing.T) {
	for name, program := range map[string][]string{
		"system's": {"epmd"},
		"ours":     {testkit.Binary(t), "epmd"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.NeedTools(t, program[0])
			c := testkit.NewCluster(t)
			c.Env["FJ_DIST_EPMD"] = "external"
			first := mapperProcess(t, c.EPMDPort, program...)
			a := c.Node(t, "a@localhost").WaitUp(t)
			b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
			testkit.WaitMesh(t, 3*time.Second, a, b)
			first.Kill(t)
			testkit.During(t, time.Second, "the cluster without EPMD", func() bool { return a.NodesInCluster() == 2 })
			answers(t, b)
			mapperProcess(t, c.EPMDPort, program...)
			testkit.Within(t, 5*time.Second, "both have registered again", func() bool {
				names := registered(t, c.EPMDPort)
				return strings.Contains(names, "name a at port") && strings.Contains(names, "name b at port")
			})
			d := c.Node(t, "d@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
			testkit.WaitMesh(t, 3*time.Second, a, b, d)
		})
	}
}

// When the node that serves EPMD ends, another one takes over.
func TestEmbeddedEPMDTakeOver(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	a.Kill(t)
	testkit.Within(t, 2*time.Second, "b serves as EPMD", func() bool {
		return testkit.PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", c.EPMDPort))
	})
	testkit.Within(t, 5*time.Second, "b is registered again", func() bool {
		return strings.Contains(registered(t, c.EPMDPort), "name b at port")
	})
	a = c.Node(t, "a@localhost", "FJ_DIST_NODES", "b@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
}

// EPMD away at start: an external one is waited for, and the log says so.
func TestEPMDAwayAtStart(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_DIST_EPMD"] = "external"
	a := c.Node(t, "a@localhost")
	a.WaitLog(t, 3*time.Second, `\[warning\] waiting for the EPMD of this host`)
	testkit.During(t, time.Second, "a waits", func() bool { return !a.Exited() })
	mapperProcess(t, c.EPMDPort, "epmd")
	a.WaitUp(t)
	testkit.Within(t, 5*time.Second, "a has registered", func() bool {
		return strings.Contains(registered(t, c.EPMDPort), "name a at port")
	})
}

// Without any port mapper: all nodes listen on one port, each at an address of
// its own.
func TestNoEPMD(t *testing.T) {
	c := testkit.NewCluster(t)
	port := fmt.Sprint(testkit.FreePorts(t, 1)[0])
	c.Env["FJ_DIST_EPMD"], c.Env["FJ_DIST_MODE"] = "off", "name"
	c.Env["FJ_DIST_MIN_PORT"], c.Env["FJ_DIST_MAX_PORT"] = port, port
	a := c.Node(t, "f@127.0.0.11", "FJ_DIST_LISTEN_IP", "127.0.0.11").WaitUp(t)
	b := c.Node(t, "f@127.0.0.12", "FJ_DIST_LISTEN_IP", "127.0.0.12", "FJ_DIST_NODES", "f@127.0.0.11").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	if testkit.PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", c.EPMDPort)) {
		t.Error("a port mapper was started")
	}
	answers(t, b)
}
