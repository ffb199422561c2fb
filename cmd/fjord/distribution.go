package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/logx"
	"github.com/fjord-media/fjord/node"
)

// ownName is the node's name. Under the DNS strategy its host part becomes an
// address, because that is how others will call it.
func ownName(ctx context.Context, cfg config.Config) (string, error) {
	d := cfg.Dist
	if !d.Enabled || !d.NamedByAddress() {
		return d.NodeName, nil
	}
	alive, host, _ := strings.Cut(d.NodeName, "@")
	addr, err := cluster.ChooseOwnAddress(ctx, cluster.OwnAddressOptions{
		Query: ownQuery(d), Host: host, Interval: d.PollingInterval,
	})
	if err != nil {
		return "", err
	}
	return alive + "@" + addr.String(), nil
}

// ownQuery is a DNS name among whose addresses this node's should be.
func ownQuery(d config.Dist) string {
	if d.Uses(config.StrategyDNS) {
		return d.Queries[0]
	}
	return d.Kubernetes.Query()
}

// startNode begins the Erlang node; nil when distribution is off.
func startNode(ctx context.Context, cfg config.Config, name string, log *logx.Logger) (*node.Node, error) {
	d := cfg.Dist
	if !d.Enabled {
		return nil, nil
	}
	n, err := node.Start(ctx, node.Options{
		Name: name, LongNames: d.LongNames, Cookie: string(d.Cookie),
		ListenIP: d.ListenIP, MinPort: d.MinPort, MaxPort: d.MaxPort, NetTickTime: d.NetTickTime,
		EPMD: d.EPMD, EPMDPort: d.EPMDPort, EPMDAddress: d.EPMDAddress, PeerPort: d.PeerPort,
		SetupTime: d.ConnectTimeout, Hidden: d.Hidden, TLS: distTLS(d), Allow: distAllow(d), Logger: log.Slog("node"),
	})
	if err != nil {
		return nil, fmt.Errorf("Couldn't start Fjord node, reason: %w", err) // the original's text
	}
	warnOfCookie(d, n, log.Slog("node"))
	warnOfEPMD(ctx, d, n, log.Slog("node"))
	warnOfAddress(d, n, log.Slog("node"))
	return n, nil
}

// distTLS is what links are encrypted with; nil: they are not.
func distTLS(d config.Dist) *node.TLSOptions {
	if !d.TLS.Used() {
		return nil
	}
	return &node.TLSOptions{CertFile: d.TLS.CertPath, KeyFile: d.TLS.KeyPath, CACertFile: d.TLS.CACertPath, Verify: d.TLS.Verify}
}

// distAllow says which nodes may link up; nil: all.
func distAllow(d config.Dist) func(string, netip.Addr) bool {
	if d.Allow.Any() {
		return nil
	}
	return d.Allow.Permits()
}

// warnOfAddress: a node that is named by its address and has found only one on
// loopback (that of its host name, on many systems) can be called by nobody.
func warnOfAddress(d config.Dist, n *node.Node, log *slog.Logger) {
	if d.NamedByAddress() && n.OnLoopback() {
		log.Warn("this node is named by an address on loopback, so other machines cannot link up with it: register its address "+
			"under the name that is looked up, or set FJ_DIST_NODE_NAME to a name@address", "node", n.Name())
	}
}

// warnOfCookie: with the well-known cookie anybody who reaches the port is let in.
func warnOfCookie(d config.Dist, n *node.Node, log *slog.Logger) {
	if d.CookieSet || n.OnLoopback() {
		return
	}
	log.Error("FJ_DIST_COOKIE is not set: whoever reaches the distribution port can join this cluster " +
		"with the default cookie. Set the same secret value on every node")
}
