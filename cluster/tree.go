package cluster

import (
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

// Names of the supervisors.
const (
	rootName         = "fjord"
	distributionName = "cluster"
)

// tree is the supervisor tree as data: the application at the root; rooms and
// what the program adds beside the distribution, so that trouble with one does
// not touch the others.
//
//	fjord ── room supervisor ── rooms
//	      ├─ further children (webhooks, metrics)
//	      ├─ bus: metrics reports, rooms of dead nodes
//	      └─ cluster ── gateway
//	                 ├─ one room service per registered name
//	                 ├─ membership
//	                 └─ one actor per strategy
func (c *Cluster) tree(opts Options) actor.Spec {
	root := actor.Spec{Name: rootName, Restart: actor.Permanent, Children: opts.Children}
	if opts.Rooms != nil {
		root.Children = append([]actor.Child{{Nested: opts.Rooms}}, root.Children...)
	}
	root.Children = append(root.Children, actor.Child{
		Name: busName, Start: func(any) actor.Behaviour { return &busActor{cluster: c} },
	})
	if c.node == nil {
		return root
	}
	dist := actor.Spec{
		Name: distributionName, Restart: actor.Permanent,
		// Any BEAM node may kill an actor by exit/2: that alone must not end us.
		Intensity: 1000, Period: 5 * time.Second,
	}
	add := func(name string, start func() actor.Behaviour) {
		dist.Children = append(dist.Children, actor.Child{
			Name: name, Start: func(any) actor.Behaviour { return start() },
		})
	}
	add(gatewayName, func() actor.Behaviour { return &gatewayActor{gateway: c.gateway} })
	for _, d := range dialects() {
		if d.registered != "" {
			add(d.registered, func() actor.Behaviour {
				return &roomService{dialect: d, server: c.server, gateway: c.gateway, log: c.log}
			})
		}
	}
	add(membershipName, func() actor.Behaviour { return &membershipActor{cluster: c} })
	for _, s := range opts.Strategies {
		add("cluster.strategy."+s.Name(), func() actor.Behaviour { return &strategyActor{strategy: s, cluster: c} })
	}
	root.Children = append(root.Children, actor.Child{Nested: &dist})
	return root
}
