//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// gossipLimit is twice the longest pause between two packets of libcluster.
const gossipLimit = 10 * time.Second

// GOSSIP: nodes that know nothing of each other meet by libcluster's packets, in
// clear and encrypted. Who has another secret, or none, stays alone, and is told.
func TestGossip(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"plain": "", "with a secret": "s3cret"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := testkit.NewLab(t)
			all := hosts(lab, nil, "10.77.0.%d/24", 4)
			gossip := func(i int, secret string) *testkit.Fjord {
				env := map[string]string{"FJ_DIST_STRATEGY_NAME": "GOSSIP", "FJ_DIST_GOSSIP_INTERFACE_IP": all[i].Addr()}
				if secret != "" {
					env["FJ_DIST_GOSSIP_SECRET"] = secret
				}
				return on(t, all[i], "app", env)
			}
			nodes := []*testkit.Fjord{gossip(0, secret), gossip(1, secret)}
			stranger := gossip(2, secret+"x")
			testkit.WaitMesh(t, gossipLimit, nodes...)
			members(t, 3*time.Second, 2, nodes...)
			nodes = append(nodes, gossip(3, secret)) // it comes later
			testkit.WaitMesh(t, gossipLimit, nodes...)
			stranger.WaitLog(t, gossipLimit, "gossip packet not understood; is the secret the same on all nodes?")
			if n := stranger.NodesInCluster(); n != 1 {
				t.Errorf("a node of another secret is in a cluster of %d", n)
			}
			if got := spread(t, nodes[0], 3); len(got) != 3 {
				t.Errorf("rooms: %v", got)
			}
		})
	}
}

// KUBERNETES: the pods of a headless service are found by its name in DNS; one
// that comes later within a poll; one that is gone is gone at once, and nobody
// is disconnected for a name server's sake.
func TestKubernetesService(t *testing.T) {
	t.Parallel()
	lab := testkit.NewLab(t)
	ns := lab.AddHost("10.77.0.53/24")
	dns := testkit.StartDNS(t, ns)
	const service = "media.prod.svc.example.local"
	all := hosts(lab, ns, "10.77.0.%d/24", 4)
	env := map[string]string{
		"FJ_DIST_STRATEGY_NAME": "KUBERNETES", "FJ_DIST_KUBERNETES_SERVICE": "media", "FJ_DIST_KUBERNETES_NAMESPACE": "prod",
		"FJ_DIST_KUBERNETES_CLUSTER_DOMAIN": "example.local", "FJ_DIST_KUBERNETES_NODE_BASENAME": "app", "FJ_DIST_POLLING_INTERVAL": "1000",
	}
	dns.Set(t, service, all[0].Addr(), all[1].Addr())
	nodes := []*testkit.Fjord{on(t, all[0], "app", env), on(t, all[1], "app", env)}
	testkit.WaitMesh(t, 2*time.Second, nodes...)
	d := elixir.Start(t, doubleOn(t, all[2], "app", nil)) // a pod of the original, which does not look itself
	dns.Set(t, service, all[0].Addr(), all[1].Addr(), all[2].Addr())
	testkit.WaitMesh(t, 2*time.Second, append(nodes, d.REST)...)
	dns.Kill(t)
	members(t, 3*time.Second, 3, nodes...)
	if got := spread(t, nodes[0], 3); len(got) != 3 {
		t.Errorf("rooms: %v", got)
	}
	testkit.During(t, 2500*time.Millisecond, "the cluster without a name server", func() bool { return nodes[0].NodesInCluster() == 3 })
	d.Kill(t)
	testkit.WaitMesh(t, time.Second, nodes...)
	dns.Restart(t)
	dns.Set(t, service, all[0].Addr(), all[1].Addr(), all[3].Addr())
	nodes = append(nodes, on(t, all[3], "app", env))
	testkit.WaitMesh(t, 2*time.Second, nodes...)
}

// FJ_DIST_WAIT_FOR holds back /readyz and nothing else, and is not asked again.
func TestWaitForNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost", "FJ_DIST_WAIT_FOR", "2", "FJ_DIST_NODES", "f2@localhost d1@localhost")
	status := func(path string) string {
		code, body, err := f.Do(http.MethodGet, path, "")
		return fmt.Sprintf("%d %s %v", code, strings.TrimSpace(body), err)
	}
	ready := func() bool { return strings.HasPrefix(status("/readyz"), "200") }
	if got := status("/readyz"); !strings.HasPrefix(got, "503") || !strings.Contains(got, "0 of 2") {
		t.Errorf("/readyz without others: %s", got)
	}
	if got := status("/livez"); !strings.HasPrefix(got, "200") {
		t.Errorf("/livez: %s", got)
	}
	answers(t, f)
	second := w.fjord("f2@localhost", "FJ_DIST_NODES", "f1@localhost")
	testkit.WaitMesh(t, 3*time.Second, f, second)
	if got := status("/readyz"); !strings.HasPrefix(got, "503") || !strings.Contains(got, "1 of 2") {
		t.Errorf("/readyz with one: %s", got)
	}
	if got := clusterOf(f).NotReady; !strings.Contains(got, "1 of 2") {
		t.Errorf("/cluster: %q", got)
	}
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.Within(t, 3*time.Second, "ready", ready)
	second.Kill(t)
	d.Kill(t)
	testkit.WaitMesh(t, time.Second, f)
	testkit.During(t, time.Second, "readiness of the one that is left", ready)
}

// FJ_ROOM_PLACEMENT=plain places rooms strictly as Fishjam 0.6.3 does: on a tie
// the last of [self | others], so that rooms go round and the asked node is last.
func TestPlainPlacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"f1@localhost", "f2@localhost", "f3@localhost"}
	nodes := w.fjords(names, "FJ_ROOM_PLACEMENT", "plain")
	d := w.double("d1@localhost", elixir.Fishjam, names...)
	testkit.WaitMesh(t, 3*time.Second, append(nodes, d.REST)...)
	members(t, 3*time.Second, 4, nodes...)
	for i, f := range nodes {
		own := addressOf(names[i])
		var got []string
		for range 4 {
			got = append(got, answers(t, f).Address)
		}
		want := slices.DeleteFunc([]string{"f3:1", "f2:1", "f1:1", "d1:1"}, func(address string) bool { return address == own })
		if want = append(want, own); !slices.Equal(got, want) {
			t.Errorf("from %s: %v, want %v", f.Name, got, want)
		}
	}
	// The double places by the same rule, and takes its part.
	if got := spread(t, d.REST, 4); len(got) != 4 {
		t.Errorf("from the double: %v", got)
	}
	d.Clean(t)
}
