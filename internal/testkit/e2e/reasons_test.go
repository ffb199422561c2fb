//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
)

// unreachable starts a node that lists one that it cannot reach, and checks
// that the log says why, and that rooms are created meanwhile.
func unreachable(t *testing.T, c testkit.Cluster, peer, why string, limit time.Duration) *testkit.Fjord {
	t.Helper()
	a := c.Node(t, "a@localhost", "FJ_DIST_NODES", peer).WaitUp(t)
	answers(t, a) // while the attempt is under way, too
	inspected := ":" + peer
	if strings.ContainsAny(peer, ".-") {
		inspected = `:"` + peer + `"`
	}
	a.WaitLog(t, limit, `\[warning\] \[libcluster:epmd_cluster\] unable to connect to `+inspected+`: `+why+`: `)
	answers(t, a)
	return a
}

// withMapper makes a cluster whose port mapper is a process of its own.
func withMapper(t *testing.T) testkit.Cluster {
	t.Helper()
	c := testkit.NewCluster(t)
	c.Env["FJ_DIST_EPMD"] = "external"
	mapperProcess(t, c.EPMDPort, testkit.Binary(t), "epmd")
	return c
}

func TestReasonEPMDRefused(t *testing.T) {
	// Nobody runs an EPMD at this address; a's own is on 127.0.0.1 and ::1.
	c := testkit.NewCluster(t)
	c.Env["FJ_DIST_MODE"], c.Env["FJ_DIST_LISTEN_IP"] = "name", "127.0.0.1"
	c.Env["ERL_EPMD_ADDRESS"] = "127.0.0.1"
	a := c.Node(t, "a@127.0.0.1", "FJ_DIST_NODES", "b@127.0.0.77").WaitUp(t)
	a.WaitLog(t, 3*time.Second, `\[warning\] \[libcluster:epmd_cluster\] unable to connect to :"b@127.0.0.77": epmd_refused: `)
	answers(t, a)
}

func TestReasonDialRefused(t *testing.T) {
	c := withMapper(t)
	mapper.Register(t, c.EPMDPort, "b", testkit.FreePorts(t, 1)[0])
	unreachable(t, c, "b@localhost", "dial_refused", 3*time.Second)
}

// A port that accepts and says nothing is given up after the seven seconds of
// a handshake.
func TestReasonDialTimeout(t *testing.T) {
	c := withMapper(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mapper.Register(t, c.EPMDPort, "b", l.Addr().(*net.TCPAddr).Port)
	unreachable(t, c, "b@localhost", "dial_timeout", 8*time.Second)
}

// The same with a node that was stopped before it was dialled.
func TestReasonFrozenBeforeTheDial(t *testing.T) {
	c := withMapper(t)
	b := c.Node(t, "b@localhost").WaitUp(t)
	b.Signal(t, syscall.SIGSTOP)
	a := unreachable(t, c, "b@localhost", "dial_timeout", 8*time.Second)
	b.Signal(t, syscall.SIGCONT)
	testkit.WaitMesh(t, 10*time.Second, a, b)
}

// A peer that lacks what OTP 25 demands: the missing flags are named.
func TestReasonMissingFlags(t *testing.T) {
	c := withMapper(t)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go mapper.Ancient(l)
	mapper.Register(t, c.EPMDPort, "b", l.Addr().(*net.TCPAddr).Port)
	a := unreachable(t, c, "b@localhost", "flags_missing", 3*time.Second)
	for _, flag := range []string{"EXTENDED_REFERENCES", "MAP_TAG", "HANDSHAKE_23"} {
		if len(a.Matches(`flags_missing: .*`+flag)) == 0 {
			t.Errorf("%s is not named", flag)
		}
	}
}

// EPMD taking connections and saying nothing.
func TestReasonEPMDTimeout(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_DIST_MODE"], c.Env["FJ_DIST_LISTEN_IP"], c.Env["ERL_EPMD_ADDRESS"] = "name", "127.0.0.1", "127.0.0.1"
	l, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(t.Context()), "tcp", fmt.Sprintf("127.0.0.78:%d", c.EPMDPort))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := c.Node(t, "a@127.0.0.1", "FJ_DIST_NODES", "b@127.0.0.78").WaitUp(t)
	a.WaitLog(t, 8*time.Second, `unable to connect to :"b@127.0.0.78": epmd_timeout: `)
	answers(t, a)
}
