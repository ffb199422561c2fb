//go:build e2e

package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestWrongCookie(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost", "FJ_DIST_COOKIE", "another").WaitUp(t)
	b.WaitLog(t, 3*time.Second, `unable to connect to :a@localhost: cookie_mismatch`)
	a.WaitLog(t, 3*time.Second, `cookie`)
	answers(t, a)
	answers(t, b)
}

func TestNameTaken(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost").WaitUp(t)
	second := c.Node(t, "a@localhost")
	if code := second.WaitExit(t, 3*time.Second); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	second.WaitLog(t, time.Second, `a@localhost.*name is taken|name_taken.*a@localhost`)
	answers(t, a)
}

func TestUnknownHost(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost", "FJ_DIST_NODES", "b@no-such-host").WaitUp(t)
	a.WaitLog(t, 10*time.Second, `unable to connect to :"b@no-such-host": host_unresolvable`)
	answers(t, a)
}

func TestNotRegistered(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost", "FJ_DIST_NODES", "b@localhost").WaitUp(t)
	a.WaitLog(t, 3*time.Second, `unable to connect to :b@localhost: not_registered`)
	answers(t, a)
	b := c.Node(t, "b@localhost").WaitUp(t)
	testkit.WaitMesh(t, 10*time.Second, a, b) // a keeps trying
}

func TestShortNamesRefuseLong(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost", "FJ_DIST_NODES", "b@127.0.0.1").WaitUp(t)
	a.WaitLog(t, 3*time.Second, `unable to connect to :"b@127.0.0.1": name_kind`)
	answers(t, a)
}

// A member that is alive for the kernel but does not answer is left out.
func TestFrozenPeer(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost", "FJ_HOST", "a:1").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_HOST", "b:1", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	b.Signal(t, syscall.SIGSTOP)
	for range 3 {
		if room := answers(t, a); room.Address != "a:1" {
			t.Errorf("room at %s", room.Address)
		}
	}
	a.WaitLog(t, 2*time.Second, `b@localhost.*(timeout|deadline)`)
	b.Signal(t, syscall.SIGCONT)
	testkit.Within(t, 15*time.Second, "the thawed peer gets rooms again", func() bool {
		room, err := a.PostRoom("")
		return err == nil && room.Address == "b:1"
	})
}

// The link of a peer that stays frozen is given up after net_ticktime.
func TestFrozenPeerIsTickedOut(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_DIST_NET_TICKTIME"] = "4"
	a := c.Node(t, "a@localhost").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	b.Signal(t, syscall.SIGSTOP)
	a.WaitLog(t, 6*time.Second, `disconnected from :b@localhost: ticked_out`)
	answers(t, a)
	b.Signal(t, syscall.SIGCONT)
	testkit.WaitMesh(t, 10*time.Second, a, b)
}

func TestKilledPeer(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost", "FJ_HOST", "a:1").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_HOST", "b:1", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	b.Kill(t)
	testkit.Within(t, time.Second, "a notices", func() bool { return a.NodesInCluster() == 1 })
	answers(t, a)
	b = c.Node(t, "b@localhost", "FJ_HOST", "b:1", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 3*time.Second, a, b)
	testkit.Within(t, 3*time.Second, "rooms go to the empty node that came back", func() bool { return answers(t, a).Address == "b:1" })
}
