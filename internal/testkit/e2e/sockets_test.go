//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// A node listens on what the manual says, and on nothing else.
func TestListeningSockets(t *testing.T) {
	c := testkit.NewCluster(t)
	ports := testkit.FreePorts(t, 4)
	c.Env["FJ_PORT"], c.Env["FJ_METRICS_PORT"] = fmt.Sprint(ports[0]), fmt.Sprint(ports[1])
	dist, media := ports[2], ports[3]
	a := c.Node(t, "a@localhost",
		"FJ_DIST_MIN_PORT", fmt.Sprint(dist), "FJ_DIST_MAX_PORT", fmt.Sprint(dist),
		"FJ_WEBRTC_TURN_PORT_RANGE", fmt.Sprintf("%d-%d", media, media)).WaitUp(t)
	a.MustPostRoom(t, "")
	want := map[string]bool{
		fmt.Sprintf("tcp 127.0.0.1:%d", ports[0]):   true, // FJ_PORT
		fmt.Sprintf("tcp 127.0.0.1:%d", ports[1]):   true, // FJ_METRICS_PORT
		fmt.Sprintf("tcp 127.0.0.1:%d", c.EPMDPort): true,
		fmt.Sprintf("tcp [::1]:%d", c.EPMDPort):     false, // where IPv6 is on
		fmt.Sprintf("tcp 127.0.0.1:%d", dist):       true,
		fmt.Sprintf("tcp [::1]:%d", dist):           false,
		fmt.Sprintf("udp 127.0.0.1:%d", media):      false, // from the first media on
		fmt.Sprintf("tcp 127.0.0.1:%d", media):      false, // the claim on it
	}
	seen := map[string]bool{}
	for _, s := range testkit.Listening(t, a.Pid) {
		seen[s] = true
		if _, ok := want[s]; !ok {
			t.Errorf("listens on %s", s)
		}
	}
	for s, must := range want {
		if must && !seen[s] {
			t.Errorf("does not listen on %s", s)
		}
	}
	t.Log(strings.Join(testkit.Listening(t, a.Pid), ", "))
}
