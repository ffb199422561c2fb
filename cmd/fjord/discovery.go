package main

import (
	"context"
	"slices"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
)

// startCluster joins the cluster, or makes a node of its own.
func (s *server) startCluster(ctx context.Context, name string) (*cluster.Cluster, error) {
	spec := s.rooms.SupervisorSpec()
	d := s.cfg.Dist
	opts := cluster.Options{
		Node: s.node, System: s.system, Local: s.rooms, Rooms: &spec, Bus: s.bus, Orphan: s.surface.orphan,
		Metrics: s.surface.report, Address: s.cfg.Host, Version: version, UsageLimit: d.RPCTimeout,
		PlainRule: s.cfg.RoomPlacement == config.PlacementPlain,
		Limits:    cluster.Limits{Rooms: s.cfg.MaxRooms, ForwardedTracks: s.cfg.MaxForwardedTracks},
		Logger:    s.log.Slog("cluster"),
	}
	switch {
	case s.cfg.FeatureRequestRouting:
		opts.Routing = cluster.RouteByID
	case s.cfg.RoomRouting == config.RoutingTransparent:
		opts.Routing = cluster.RouteTransparent
	}
	opts.Strategies, opts.Topology = strategies(d, name, s.log.Slog("cluster"))
	c, err := cluster.Start(ctx, opts)
	if err == nil {
		s.waitForNodes(ctx, name)
	}
	return c, err
}

// waitForNodes is the wait of STATIC at start. Who does not come in time is no
// reason not to start.
func (s *server) waitForNodes(ctx context.Context, self string) {
	d := s.cfg.Dist
	if s.node == nil || d.SyncTimeout <= 0 {
		return
	}
	others := slices.DeleteFunc(slices.Clone(d.Nodes), func(name string) bool { return name == self })
	ctx, cancel := context.WithTimeout(ctx, d.SyncTimeout)
	defer cancel()
	if err := s.node.WaitFor(ctx, others...); err != nil {
		s.main.Warn("Not all nodes of FJ_DIST_NODES are there: "+err.Error(), "waited", d.SyncTimeout)
	}
}
