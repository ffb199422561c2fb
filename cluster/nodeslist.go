package cluster

import (
	"context"
	"strings"
)

// NodesList is the strategy NODES_LIST: the names of FJ_DIST_NODES.
type NodesList struct{ nodes []string }

// NewNodesList reads names separated by white space. self, the own name, may be
// among them and is ignored, so that all nodes can share one value.
func NewNodesList(list, self string) *NodesList {
	var nodes []string
	for _, name := range strings.Fields(list) {
		if name != self {
			nodes = append(nodes, name)
		}
	}
	return &NodesList{nodes: nodes}
}

// Name is NODES_LIST.
func (*NodesList) Name() string { return "NODES_LIST" }

// Run publishes the list once; the reconciler keeps trying for ever.
func (l *NodesList) Run(_ context.Context, publish func(Targets)) error {
	publish(Targets{Nodes: l.nodes, Complete: true})
	return nil
}
