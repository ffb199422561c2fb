//go:build e2e

// Package netns runs clusters of machines made of network namespaces.
package netns

import (
	"maps"
	"net"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// dnsName is the name that the labs' name server resolves to all nodes.
const dnsName = "app.internal"

// node starts a node on a host, reachable from the others.
func node(t *testing.T, h *testkit.Host, more map[string]string) *testkit.Fjord {
	t.Helper()
	any := "0.0.0.0"
	if h.Addresses[0].Is6() {
		any = "::"
	}
	env := map[string]string{
		"FJ_IP": any, "FJ_HOST": net.JoinHostPort(h.Addr(), "8080"),
		"FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name",
		"FJ_DIST_MIN_PORT": "9000", "FJ_DIST_MAX_PORT": "9000",
	}
	maps.Copy(env, more)
	return testkit.StartFjord(t, testkit.FjordOptions{Name: "node " + h.Addr(), Host: h, IP: h.Addr(), Env: env})
}

// dnsNode starts a node that finds the others by DNS and takes its name from
// its address.
func dnsNode(t *testing.T, h *testkit.Host) *testkit.Fjord {
	t.Helper()
	return node(t, h, map[string]string{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_QUERY": dnsName})
}
