package main

import (
	"log/slog"
	"net/netip"
	"strings"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
)

// strategies are the ways to find other nodes, and their word in log lines.
func strategies(d config.Dist, self string, log *slog.Logger) ([]cluster.Strategy, string) {
	if !d.Enabled {
		return nil, ""
	}
	makers := map[string]func() cluster.Strategy{
		config.StrategyNodesList: func() cluster.Strategy { return cluster.NewNodesList(strings.Join(d.Nodes, " "), self) },
		config.StrategyDNS:       func() cluster.Strategy { return cluster.NewDNS(dnsOptions(d, self, log)) },
		config.StrategyGossip:    func() cluster.Strategy { return cluster.NewGossip(gossipOptions(d, self, log)) },
		config.StrategyKubernetes: func() cluster.Strategy {
			o := dnsOptions(d, self, log)
			o.Name, o.Queries, o.Base = config.StrategyKubernetes, []string{d.Kubernetes.Query()}, d.Kubernetes.Basename
			return cluster.NewDNS(o)
		},
	}
	var all []cluster.Strategy
	for _, name := range d.Strategies {
		all = append(all, makers[name]())
	}
	if len(d.Strategies) == 1 && d.Uses(config.StrategyNodesList) {
		return all, cluster.TopologyNodesList
	}
	return all, cluster.TopologyDNS
}

func dnsOptions(d config.Dist, self string, log *slog.Logger) cluster.DNSOptions {
	return cluster.DNSOptions{
		Queries: d.Queries, Types: d.ResourceTypes, SRVHosts: d.SRVHosts,
		Self: self, Interval: d.PollingInterval, Logger: log,
	}
}

func gossipOptions(d config.Dist, self string, log *slog.Logger) cluster.GossipOptions {
	g := d.Gossip
	return cluster.GossipOptions{
		Self: self, Port: g.Port, ListenIP: address(g.ListenIP), Multicast: address(g.Multicast), Interface: address(g.Interface),
		TTL: g.TTL, Broadcast: g.Broadcast, Secret: string(g.Secret), Logger: log,
	}
}

// address is a checked address; the zero one for the empty string.
func address(text string) netip.Addr {
	addr, _ := netip.ParseAddr(text) // config has checked it
	return addr
}
