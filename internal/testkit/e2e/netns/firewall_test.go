//go:build e2e

package netns

import (
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// What an operator's nc says: EPMD and the distribution port answer on the
// chosen address, and only the ports of the manual are open.
func TestOpenPorts(t *testing.T) {
	lab := testkit.NewLab(t)
	a := lab.AddHost("10.77.0.1/24", "10.77.0.11/24")
	b := lab.AddHost("10.77.0.2/24")
	f := node(t, a, map[string]string{
		"FJ_DIST_NODE_NAME": "f1@10.77.0.1", "FJ_DIST_LISTEN_IP": "10.77.0.1", "FJ_DIST_EPMD": "embedded",
	}).WaitUp(t)
	f.MustPostRoom(t, "")
	for address, open := range map[string]bool{
		"10.77.0.1:4369": true, "10.77.0.1:9000": true, "10.77.0.1:8080": true,
		"10.77.0.11:9000": false, // not the chosen address
		"10.77.0.1:9568":  false, // metrics stay on loopback
	} {
		if got := testkit.PortOpen(b, address); got != open {
			t.Errorf("%s is open: %v, want %v", address, got, open)
		}
	}
	allowed := []string{":4369", ":9000", ":8080", " 127.0.0.1:9568", " 127.0.0.1:5"} // the last: media, 50000–59999
	for _, s := range testkit.Listening(t, f.Pid) {
		ok := false
		for _, a := range allowed {
			ok = ok || strings.Contains(s, a)
		}
		if !ok {
			t.Errorf("listens on %s", s)
		}
	}
	out, err := b.Try(testkit.Binary(t), "names", "10.77.0.1")
	if err != nil || !strings.Contains(out, "name f1 at port 9000") {
		t.Errorf("fjord names: %v\n%s", err, out)
	}
}

// Two containers whose own addresses are not those of their names, and of
// which only 4369 and 9000 are published, form a cluster.
func TestPortMapping(t *testing.T) {
	lab := testkit.NewLab(t)
	r1, r2 := lab.AddHost("10.77.0.1/24"), lab.AddHost("10.77.0.2/24")
	c1 := lab.AddInside(r1, "172.30.1.1/24", "172.30.1.2/24")
	c2 := lab.AddInside(r2, "172.30.2.1/24", "172.30.2.2/24")
	lab.Publish(r1, c1, 4369, 9000)
	lab.Publish(r2, c2, 4369, 9000)
	list := "f1@10.77.0.1 f2@10.77.0.2"
	a := node(t, c1, map[string]string{"FJ_DIST_NODE_NAME": "f1@10.77.0.1", "FJ_DIST_NODES": list}).WaitUp(t)
	b := node(t, c2, map[string]string{"FJ_DIST_NODE_NAME": "f2@10.77.0.2", "FJ_DIST_NODES": list}).WaitUp(t)
	testkit.WaitMesh(t, 5*time.Second, a, b)
	spread(t, a, b)
	if testkit.PortOpen(r2, "10.77.0.1:8080") {
		t.Error("a port that is not published can be reached")
	}
}

// A network that loses every packet between two nodes, and comes back.
func TestNetworkCut(t *testing.T) {
	lab := testkit.NewLab(t)
	hosts := []*testkit.Host{lab.AddHost("10.77.0.1/24"), lab.AddHost("10.77.0.2/24"), lab.AddHost("10.77.0.3/24")}
	list := "f@10.77.0.1 f@10.77.0.2 f@10.77.0.3"
	var nodes []*testkit.Fjord
	for _, h := range hosts {
		nodes = append(nodes, node(t, h, map[string]string{
			"FJ_DIST_NODE_NAME": "f@" + h.Addr(), "FJ_DIST_NODES": list, "FJ_DIST_NET_TICKTIME": "4",
		}))
	}
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	hosts[2].Cut(hosts[0])
	hosts[2].Cut(hosts[1])
	room := nodes[0].MustPostRoom(t, "")
	t.Logf("POST /room answered after %s while a member is cut off", room.Took)
	if room.Took > testkit.Slack*1500*time.Millisecond {
		t.Errorf("POST /room took %s", room.Took)
	}
	testkit.Within(t, 6*time.Second, "both sides notice", func() bool {
		return nodes[0].NodesInCluster() == 2 && nodes[1].NodesInCluster() == 2
	})
	nodes[0].WaitLog(t, time.Second, `disconnected from :"f@10.77.0.3": ticked_out`)
	hosts[2].Mend()
	testkit.WaitMesh(t, 35*time.Second, nodes...)
}
