package main

import (
	"context"
	"time"

	"github.com/fjord-media/fjord/cluster"
	httpapi "github.com/fjord-media/fjord/http"
)

// clusterView is the server as GET /cluster and the metrics show it.
type clusterView struct{ s *server }

// Cluster describes this node and those that it knows.
func (v clusterView) Cluster(ctx context.Context, ask bool) httpapi.ClusterReport {
	s := v.s
	usage, refuses := s.cluster.Usage()
	r := httpapi.ClusterReport{
		Release: version, Draining: s.rooms.Draining(), Refusing: refuses, Members: 1,
		Usage:         httpapi.UsageJSON{ForwardedTracks: usage.ForwardedTracks, Rooms: usage.Rooms},
		ExpectedNodes: s.cfg.Dist.ExpectedNodes, Warnings: s.warnings(), Nodes: []httpapi.ClusterNode{},
	}
	if s.node != nil {
		r.Node = s.node.Name()
	}
	if err := s.ready(); err != nil {
		r.NotReady = err.Error()
	}
	for _, n := range s.cluster.Report(ctx, ask) {
		if n.Server || n.Fjord {
			r.Members++
		}
		r.Nodes = append(r.Nodes, nodeJSON(n))
	}
	return r
}

// warnings are lasting ones about the configuration.
func (s *server) warnings() []string {
	list := []string{}
	if s.node != nil && !s.cfg.Dist.CookieSet && !s.node.OnLoopback() {
		list = append(list, "FJ_DIST_COOKIE is not set: whoever reaches the distribution port can join this cluster")
	}
	return list
}

func nodeJSON(n cluster.NodeReport) httpapi.ClusterNode {
	j := httpapi.ClusterNode{
		Node: n.PeerStatus.Node, State: n.State.String(), Since: timeOf(n.Since), Kind: kindOf(n), Release: n.Version,
		Address: n.Address, Wanted: n.Wanted, Hidden: n.Hidden, Dialled: n.Dialled, LeftOut: n.LeftOut,
		Refusing: n.Refusing, Attempts: n.Attempts, NextRetry: timeOf(n.Next),
	}
	if n.Usage != nil {
		j.Usage = &httpapi.UsageJSON{ForwardedTracks: n.Usage.ForwardedTracks, Rooms: n.Usage.Rooms}
	}
	if n.State != cluster.Up && n.Reason.Err != nil {
		j.Reason, j.Detail = n.Reason.Kind, n.Reason.Err.Error()
	}
	return j
}

// kindOf is what a node is, as far as that is known.
func kindOf(n cluster.NodeReport) string {
	switch {
	case n.Fjord:
		return "fjord"
	case n.Server:
		return n.Dialect
	case n.State == cluster.Up && (n.Hidden || n.NoServer):
		return "other"
	}
	return "unknown"
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Drain begins to drain this node.
func (v clusterView) Drain(wait time.Duration) error {
	v.s.drainer.begin(wait, false)
	return nil
}

// Undrain takes that back.
func (v clusterView) Undrain() error { return v.s.drainer.undo() }
