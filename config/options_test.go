package config

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dist loads variables of an enabled distribution.
func dist(t *testing.T, e env) Dist {
	t.Helper()
	return mustLoad(t, on(e)).Dist
}

func TestSeveralStrategies(t *testing.T) {
	for text, want := range map[string][]string{
		"NODES_LIST": {"NODES_LIST"}, "STATIC": {"NODES_LIST"}, "GOSSIP,NODES_LIST": {"GOSSIP", "NODES_LIST"},
		"STATIC NODES_LIST GOSSIP GOSSIP": {"NODES_LIST", "GOSSIP"}, "DNS, KUBERNETES": {"DNS", "KUBERNETES"},
	} {
		d := dist(t, env{"FJ_DIST_STRATEGY_NAME": text, "FJ_DIST_MODE": "name", "FJ_DIST_QUERY": "a.b, c", "FJ_DIST_KUBERNETES_SERVICE": "s", "FJ_DIST_NODES": "a@b"})
		if diff := cmp.Diff(want, d.Strategies); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		if waits := d.SyncTimeout == 10*time.Second; waits != strings.Contains(text, "STATIC") {
			t.Errorf("%s waits %v", text, d.SyncTimeout)
		}
		if diff := cmp.Diff([]string{"a.b", "c"}, d.Queries); diff != "" {
			t.Error(diff)
		}
	}
}

func TestKubernetes(t *testing.T) {
	e := on(env{"FJ_DIST_STRATEGY_NAME": "KUBERNETES", "FJ_DIST_MODE": "name", "FJ_DIST_KUBERNETES_SERVICE": "fjord-headless"})
	if got := mustLoad(t, e).Dist.Kubernetes.Query(); got != "fjord-headless.default.svc.cluster.local" {
		t.Error(got)
	}
	sys := testSystem(e)
	sys.ReadFile = func(path string) ([]byte, error) {
		if path == namespaceFile {
			return []byte("media\n"), nil
		}
		return nil, os.ErrNotExist
	}
	c, _, err := Load(sys, []string{"--dist-kubernetes-cluster-domain=k8s.example"})
	if err != nil || c.Dist.Kubernetes.Query() != "fjord-headless.media.svc.k8s.example" {
		t.Error(c.Dist.Kubernetes, err)
	}
	if !c.Dist.NamedByAddress() {
		t.Error("pods are named by address")
	}
}

func TestLimitsAndTimes(t *testing.T) {
	c := mustLoad(t, on(env{
		"FJ_MAX_ROOMS": "100", "FJ_MAX_FORWARDED_TRACKS": "2000", "FJ_DRAIN_TIMEOUT": "1h30m", "FJ_ROOM_ROUTING": "transparent", "FJ_ROOM_PLACEMENT": "plain", "FJ_METRICS_ROOM_LABELS": "false",
		"FJ_DIST_WAIT_FOR": "2", "FJ_DIST_EXPECTED_NODES": "3", "FJ_DIST_CONNECT_TIMEOUT": "2", "FJ_RPC_TIMEOUT": "250", "FJ_DIST_SYNC_TIMEOUT": "2500ms",
		"FJ_WEBHOOK_ALLOW": "public 10.1.2.3/16,Hooks.example.com *.corp ::1", "FJ_DIST_HIDDEN": "true", "FJ_DIST_RESOURCE_TYPES": "SRV a", "FJ_DIST_DNS_NAMES": "host",
	}))
	if c.MaxRooms != 100 || c.MaxForwardedTracks != 2000 || c.DrainTimeout != 90*time.Minute || c.RoomRouting != RoutingTransparent || c.RoomPlacement != PlacementPlain || c.MetricsRoomLabels {
		t.Error(c)
	}
	d := c.Dist
	if d.WaitFor != 2 || d.ExpectedNodes != 3 || d.ConnectTimeout != 2*time.Second || d.RPCTimeout != 250*time.Millisecond || d.SyncTimeout != 2500*time.Millisecond ||
		!d.Hidden || !d.SRVHosts || strings.Join(d.ResourceTypes, " ") != "srv a" {
		t.Error(c)
	}
	if got := c.WebhookAllow.String(); got != "public 10.1.0.0/16 ::1/128 hooks.example.com *.corp" || c.WebhookAllow.Any() {
		t.Error(got)
	}
	if !mustLoad(t, nil).WebhookAllow.Any() {
		t.Error("any URL is allowed when nothing is said")
	}
}

func TestDistAllow(t *testing.T) {
	type peer struct{ name, addr string }
	for text, tc := range map[string]struct{ yes, no []peer }{
		"":                      {yes: []peer{{"a@b", "10.0.0.1"}}},
		"10.1.0.0/16":           {yes: []peer{{"a@b", "10.1.2.3"}, {"a@b", "::ffff:10.1.2.3"}}, no: []peer{{"a@b", "10.2.0.1"}, {"a@b", "::1"}}},
		"f[0-9]@.*":             {yes: []peer{{"f1@h", "10.0.0.1"}}, no: []peer{{"xf1@h", "10.0.0.1"}, {"f@h", "10.0.0.1"}}},
		"a@h|b@h fd00::/8 b@.*": {yes: []peer{{"a@h", "fd00::1"}, {"b@x", "fd00::2"}}, no: []peer{{"a@h", "10.0.0.1"}, {"c@h", "fd00::1"}, {"aa@h", "fd00::1"}}},
	} {
		e := env{}
		if text != "" {
			e["FJ_DIST_ALLOW"] = text
		}
		allow := dist(t, e).Allow
		permits := allow.Permits()
		for _, p := range tc.yes {
			if !permits(p.name, netip.MustParseAddr(p.addr)) {
				t.Errorf("%q keeps out %v", text, p)
			}
		}
		for _, p := range tc.no {
			if permits(p.name, netip.MustParseAddr(p.addr)) {
				t.Errorf("%q lets in %v", text, p)
			}
		}
	}
}

func TestPortsWithoutEPMD(t *testing.T) {
	e := env{"FJ_DIST_EPMD": "off", "FJ_DIST_MIN_PORT": "9000"}
	if d := dist(t, e); d.PeerPort != 9000 {
		t.Error(d.PeerPort)
	}
	e["FJ_DIST_PEER_PORT"] = "9100"
	if d := dist(t, e); d.PeerPort != 9100 || d.MaxPort != 9000 {
		t.Error(d.PeerPort, d.MaxPort)
	}
	if d := dist(t, env{"FJ_DIST_PEER_PORT": "9100"}); d.PeerPort != 0 {
		t.Error("with EPMD nobody needs to know the port beforehand")
	}
}

func TestStrategiesInTheStartLine(t *testing.T) {
	c := mustLoad(t, on(env{"FJ_DIST_NODE_NAME": "a@h", "FJ_DIST_STRATEGY_NAME": "GOSSIP NODES_LIST", "FJ_DIST_NODES": "a@b", "FJ_DIST_GOSSIP_SECRET": "xyzzy"}))
	const want = `Distribution config: [enabled: true, mode: :shortnames, strategy: [Cluster.Strategy.Gossip, Cluster.Strategy.Epmd], node_name: :a@h, ` +
		`strategy_config: [[port: 45892, multicast_addr: "233.252.1.32"], [hosts: [:a@b]]]]`
	if got := c.DistributionLine(""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
