package cluster

import (
	"context"
	"log/slog"

	"github.com/fjord-media/fjord/node/etf"
)

// linkLog writes the lines about links that users look for, in the shape of
// libcluster: "[libcluster:TOPOLOGY] connected to :f1@localhost".
type linkLog struct {
	log      *slog.Logger
	topology string // epmd_cluster or cluster
}

// The topologies as manuals print them for NODES_LIST, and as the original
// prints it for DNS.
const (
	TopologyNodesList = "epmd_cluster"
	TopologyDNS       = "cluster"
)

func (l linkLog) prefix() string { return "[libcluster:" + l.topology + "] " }

func (l linkLog) connected(node string) {
	l.log.Info(l.prefix() + "connected to " + etf.InspectAtom(etf.Atom(node)))
}

func (l linkLog) accepted(node string) {
	l.log.Info(l.prefix() + "accepted connection from " + etf.InspectAtom(etf.Atom(node)))
}

// disconnected logs the end of a link. That of a hidden node, such as a tool's,
// is no reason to warn.
func (l linkLog) disconnected(node string, reason error, hidden bool) {
	level := slog.LevelWarn
	if hidden {
		level = slog.LevelInfo
	}
	l.log.Log(context.Background(), level, l.prefix()+"disconnected from "+etf.InspectAtom(etf.Atom(node))+": "+reasonOf(reason).about(node))
}

// failed logs a dial that failed. A node that nobody listed (learned from
// another one) is no reason to warn.
func (l linkLog) failed(node string, reason Reason, wanted bool) {
	level := slog.LevelInfo
	if wanted {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, l.prefix()+"unable to connect to "+etf.InspectAtom(etf.Atom(node))+": "+reason.about(node))
}
