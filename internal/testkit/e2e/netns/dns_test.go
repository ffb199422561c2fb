//go:build e2e

package netns

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// poll is the default of FJ_DIST_POLLING_INTERVAL.
const poll = 5 * time.Second

// outage is how long the name server is away.
func outage() time.Duration {
	if testkit.Soak() {
		return time.Minute
	}
	return 15 * time.Second
}

// Machines with an EPMD each find each other by DNS, over each family alone.
func TestDNSCluster(t *testing.T) {
	for family, prefix := range map[string]string{"IPv4": "10.77.0.%d/24", "IPv6": "fd77::%d/64"} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			dnsCluster(t, prefix)
		})
	}
}

func dnsCluster(t *testing.T, prefix string) {
	lab := testkit.NewLab(t)
	ns := lab.AddHost(fmt.Sprintf(prefix, 53))
	dns := testkit.StartDNS(t, ns)
	var hosts []*testkit.Host
	var addresses []string
	for i := 1; i <= 4; i++ {
		h := lab.AddHost(fmt.Sprintf(prefix, i))
		h.SetResolver(ns.Addr())
		hosts = append(hosts, h)
		addresses = append(addresses, h.Addr())
	}
	dns.Set(t, dnsName, addresses[:3]...)
	nodes := []*testkit.Fjord{dnsNode(t, hosts[0]), dnsNode(t, hosts[1]), dnsNode(t, hosts[2])}
	testkit.WaitMesh(t, 2*time.Second, nodes...)
	oneLinePerLink(t, nodes...)
	spread(t, nodes...)

	dns.Kill(t)
	testkit.During(t, outage(), "the cluster without a name server", func() bool {
		return nodes[0].NodesInCluster() == 3 && nodes[1].NodesInCluster() == 3 && nodes[2].NodesInCluster() == 3
	})
	for _, n := range nodes {
		if lines := n.Matches(`.*disconnected from.*`); len(lines) != 0 {
			t.Errorf("%s: %q", n.Name, lines)
		}
	}
	dns.Restart(t)

	dns.Set(t, dnsName, addresses...)
	nodes = append(nodes, dnsNode(t, hosts[3]))
	testkit.WaitMesh(t, poll, nodes...)

	// An address that is gone from the answer is no reason to part.
	dns.Set(t, dnsName, addresses[0])
	testkit.During(t, poll+poll/2, "the cluster after a shorter answer", func() bool {
		return nodes[3].NodesInCluster() == 4 && nodes[0].NodesInCluster() == 4
	})
	dns.Set(t, dnsName, addresses...)

	nodes[1].Kill(t)
	testkit.Within(t, time.Second, "the others notice", func() bool {
		return nodes[0].NodesInCluster() == 3 && nodes[2].NodesInCluster() == 3 && nodes[3].NodesInCluster() == 3
	})
	nodes[1] = dnsNode(t, hosts[1])
	testkit.WaitMesh(t, poll, nodes...)
	spread(t, nodes...)
}

// oneLinePerLink checks that each link was logged once, as manuals print it,
// by the node that dialled.
func oneLinePerLink(t *testing.T, nodes ...*testkit.Fjord) {
	t.Helper()
	lines := 0
	for _, n := range nodes {
		lines += len(n.Matches(`\[info\] \[libcluster:cluster\] connected to :"fishjam@[0-9a-f.:]+"\n`))
	}
	if want := len(nodes) * (len(nodes) - 1) / 2; lines != want {
		t.Errorf("%d lines say connected to, want %d", lines, want)
	}
}

// spread creates as many rooms as there are nodes, through the first, and
// checks that each node got one more.
func spread(t *testing.T, nodes ...*testkit.Fjord) {
	t.Helper()
	got := map[string]int{}
	for range nodes {
		got[nodes[0].MustPostRoom(t, "").Address]++
	}
	if len(got) < min(len(nodes), 3) {
		t.Errorf("rooms went to %v", got)
	}
}

// A node that comes up before the name server gets into the cluster later.
func TestNameServerComesLate(t *testing.T) {
	lab := testkit.NewLab(t)
	ns := lab.AddHost("10.77.0.53/24")
	a, b := lab.AddHost("10.77.0.1/24"), lab.AddHost("10.77.0.2/24")
	a.SetResolver(ns.Addr())
	b.SetResolver(ns.Addr())
	nodes := []*testkit.Fjord{dnsNode(t, a), dnsNode(t, b)}
	nodes[0].WaitLog(t, 2*poll, `(?i)app\.internal`)
	dns := testkit.StartDNS(t, ns)
	dns.Set(t, dnsName, a.Addr(), b.Addr())
	testkit.WaitMesh(t, 3*poll, nodes...)
}
