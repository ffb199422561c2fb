package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fjord-media/fjord/room"
)

// NodeReport is all that is known of one other node.
type NodeReport struct {
	PeerStatus
	MemberStatus
	// Usage is what the node has answered just now; nil: it was not asked, or did
	// not answer in time.
	Usage *room.Usage
	// Refusing says that the node takes no new rooms: it drains or is full.
	Refusing bool
}

// Report lists all known nodes, linked or not, by name. With ask the members are
// asked for their usage, which takes up to half a second.
func (c *Cluster) Report(ctx context.Context, ask bool) []NodeReport {
	if c.node == nil {
		return nil
	}
	var usages map[string]room.Usage
	if ask {
		usages = c.router.usageOfAll(ctx) // who answers is a member from now on
	}
	byName := map[string]*NodeReport{}
	find := func(name string) *NodeReport {
		if byName[name] == nil {
			byName[name] = &NodeReport{PeerStatus: PeerStatus{Node: name}}
		}
		return byName[name]
	}
	for _, p := range c.Peers() {
		find(p.Node).PeerStatus = p
	}
	for _, m := range c.Members() {
		find(m.Node).MemberStatus = m
	}
	for name, link := range c.links.all() {
		if r := find(name); r.State != Up { // the reconciler is about to learn of it
			r.State, r.Since, r.Dialled, r.Hidden = Up, link.since, link.dialled, link.hidden
		}
	}
	for name, usage := range usages {
		r := find(name)
		r.Refusing = usage.ForwardedTracks >= refusing
		r.Usage = &usage
	}
	list := make([]NodeReport, 0, len(byName))
	for _, r := range byName {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b NodeReport) int { return cmp.Compare(a.PeerStatus.Node, b.PeerStatus.Node) })
	return list
}

// usageOfAll asks all members that can be asked now.
func (r *Router) usageOfAll(ctx context.Context) map[string]room.Usage {
	usages := map[string]room.Usage{}
	for _, l := range r.answers(ctx, r.members.candidates(time.Now())) {
		usages[l.Node] = l.Usage
	}
	return usages
}

// Usage is the load of this node, and whether it takes new rooms.
func (c *Cluster) Usage() (u room.Usage, refuses bool) { return c.local.Usage(), c.local.refuses() }
