package config

import (
	"strconv"
	"strings"
	"time"
)

// strategyVariables are those of single strategies.
func strategyVariables() []Variable {
	return append(append(dnsVariables(), gossipVariables()...), kubernetesVariables()...)
}

func dnsVariables() []Variable {
	return []Variable{
		{
			Name: "FJ_DIST_QUERY", Type: "DNS names separated by spaces or commas", Default: "unset",
			Doc:  "Name whose A and AAAA records are the nodes' addresses; required by DNS.",
			read: whenDist(func(r *reader, v value) { r.c.Dist.Queries = list(v.text) }),
			show: func(c Config) string { return strings.Join(c.Dist.Queries, " ") },
		},
		{
			Name: "FJ_DIST_POLLING_INTERVAL", Type: "milliseconds", Default: "5000",
			Doc:  "Time between two look-ups of `FJ_DIST_QUERY` or of the Kubernetes service.",
			read: readPollingInterval,
			show: func(c Config) string { return strconv.FormatInt(c.Dist.PollingInterval.Milliseconds(), 10) },
		},
		{
			Name: "FJ_DIST_RESOURCE_TYPES", Ancestor: noAncestor, Type: "a, aaaa, srv; separated by spaces or commas", Default: "a,aaaa",
			Doc:  "DNS records that are asked for. The target of an SRV record is a node's host.",
			read: whenDist(readResourceTypes),
			show: func(c Config) string { return strings.Join(c.Dist.ResourceTypes, ",") },
		},
		{
			Name: "FJ_DIST_DNS_NAMES", Ancestor: noAncestor, Type: "ip or host", Default: "ip",
			Doc:  "What nodes found by SRV records are called after: the address of the record's target (`f1@10.0.0.1`) or its host name (`f1@a.example.com`).",
			read: whenDist(readDNSNames),
			show: func(c Config) string {
				if c.Dist.SRVHosts {
					return "host"
				}
				return "ip"
			},
		},
	}
}

func gossipVariables() []Variable {
	return []Variable{
		{
			Name: "FJ_DIST_GOSSIP_PORT", Ancestor: noAncestor, Type: "port", Default: "45892",
			Doc:  "UDP port of GOSSIP, on all nodes.",
			read: whenDist(port("FJ_DIST_GOSSIP_PORT", func(c *Config) *int { return &c.Dist.Gossip.Port })),
			show: func(c Config) string { return strconv.Itoa(c.Dist.Gossip.Port) },
		},
		gossipAddress("FJ_DIST_GOSSIP_IP", "0.0.0.0", "Address GOSSIP listens on (libcluster's `if_addr`).",
			func(c *Config) *string { return &c.Dist.Gossip.ListenIP }, nil),
		gossipAddress("FJ_DIST_GOSSIP_MULTICAST_IP", "233.252.1.32", "Multicast group of GOSSIP (libcluster's `multicast_addr`).",
			func(c *Config) *string { return &c.Dist.Gossip.Multicast }, isMulticast),
		gossipAddress("FJ_DIST_GOSSIP_INTERFACE_IP", "the system's choice", "Address of the interface packets leave by (libcluster's `multicast_if`).",
			func(c *Config) *string { return &c.Dist.Gossip.Interface }, nil),
		{
			Name: "FJ_DIST_GOSSIP_TTL", Ancestor: noAncestor, Type: "number", Default: "1",
			Doc:  "How many networks a packet crosses (libcluster's `multicast_ttl`).",
			read: whenDist(number(0, 255, func(c *Config) *int { return &c.Dist.Gossip.TTL })),
			show: func(c Config) string { return strconv.Itoa(c.Dist.Gossip.TTL) },
		},
		{
			Name: "FJ_DIST_GOSSIP_BROADCAST", Ancestor: noAncestor, Type: "boolean", Default: "false", Boolean: true,
			Doc:  "Send to the broadcast address instead of the group (libcluster's `broadcast_only`).",
			read: whenDist(boolean("FJ_DIST_GOSSIP_BROADCAST", func(c *Config) *bool { return &c.Dist.Gossip.Broadcast })),
			show: func(c Config) string { return strconv.FormatBool(c.Dist.Gossip.Broadcast) },
		},
		{
			Name: "FJ_DIST_GOSSIP_SECRET", Ancestor: noAncestor, Type: "string", Default: "none: plain packets", Secret: true, HasFile: true,
			Doc:  "Encrypts the packets (libcluster's `secret`); the same on all nodes.",
			read: whenDist(secret(func(c *Config) *Secret { return &c.Dist.Gossip.Secret })),
			show: func(c Config) string { return string(c.Dist.Gossip.Secret) },
		},
	}
}

func kubernetesVariables() []Variable {
	label := func(name, fallback, doc string, field func(c *Config) *string, valid func(string) bool) Variable {
		return Variable{
			Name: name, Ancestor: noAncestor, Type: "name", Default: fallback, Doc: doc,
			read: whenDist(readLabel(field, valid)),
			show: func(c Config) string { return *field(&c) },
		}
	}
	return []Variable{
		label("FJ_DIST_KUBERNETES_SERVICE", "unset", "Headless service whose pods are the nodes; required by KUBERNETES.",
			func(c *Config) *string { return &c.Dist.Kubernetes.Service }, validDomain),
		label("FJ_DIST_KUBERNETES_NAMESPACE", "the pod's own, else default", "Namespace of the service.",
			func(c *Config) *string { return &c.Dist.Kubernetes.Namespace }, validDomain),
		label("FJ_DIST_KUBERNETES_CLUSTER_DOMAIN", "cluster.local", "DNS domain of the Kubernetes cluster.",
			func(c *Config) *string { return &c.Dist.Kubernetes.ClusterDomain }, validDomain),
		label("FJ_DIST_KUBERNETES_NODE_BASENAME", "the one of `FJ_DIST_NODE_NAME`", "Part before the `@` of the other nodes' names.",
			func(c *Config) *string { return &c.Dist.Kubernetes.Basename }, validAlive),
	}
}

// meetingVariables say what this node expects of the cluster.
func meetingVariables() []Variable {
	wait, connect, rpc := seconds(0, time.Hour), seconds(100*time.Millisecond, 2*time.Minute), span{time.Millisecond, 10 * time.Millisecond, time.Minute}
	return []Variable{
		{
			Name: "FJ_DIST_SYNC_TIMEOUT", Ancestor: noAncestor, Type: "seconds, or a time such as 10s", Default: "0, with STATIC 10",
			Doc:  "How long the start waits for the nodes of `FJ_DIST_NODES`, as Erlang's `sync_nodes_timeout` with `sync_nodes_optional` does; then it goes on without them.",
			read: whenDist(duration(wait, func(c *Config) *time.Duration { return &c.Dist.SyncTimeout })),
			show: func(c Config) string { return wait.show(c.Dist.SyncTimeout) },
		},
		{
			Name: "FJ_DIST_WAIT_FOR", Ancestor: noAncestor, Type: "number", Default: "0",
			Doc:  "`/readyz` answers 503 until so many other nodes have been linked at one time. It holds back nothing else, and is not asked again later.",
			read: whenDist(number(0, maxLimit, func(c *Config) *int { return &c.Dist.WaitFor })),
			show: func(c Config) string { return strconv.Itoa(c.Dist.WaitFor) },
		},
		{
			Name: "FJ_DIST_EXPECTED_NODES", Ancestor: noAncestor, Type: "number", Default: "not known",
			Doc:  "Members the whole cluster should have, this one included; metrics and `GET /cluster` show it beside the members there are.",
			read: whenDist(number(1, maxLimit, func(c *Config) *int { return &c.Dist.ExpectedNodes })),
			show: func(c Config) string { return showNumber(c.Dist.ExpectedNodes) },
		},
		{
			Name: "FJ_DIST_CONNECT_TIMEOUT", Ancestor: noAncestor, Type: "seconds, or a time such as 7s", Default: "7",
			Doc:  "Time that linking up with a node may take, look-up and handshake included (Erlang's `net_setuptime`).",
			read: whenDist(duration(connect, func(c *Config) *time.Duration { return &c.Dist.ConnectTimeout })),
			show: func(c Config) string { return connect.show(c.Dist.ConnectTimeout) },
		},
		{
			Name: "FJ_RPC_TIMEOUT", Ancestor: noAncestor, Type: "milliseconds, or a time such as 1s", Default: "500",
			Doc:  "Time another node has to say how loaded it is when a room is placed; one that is late is left out for ten seconds. `POST /room` takes 1.5 s at most, or three times this if that is more.",
			read: whenDist(duration(rpc, func(c *Config) *time.Duration { return &c.Dist.RPCTimeout })),
			show: func(c Config) string { return rpc.show(c.Dist.RPCTimeout) },
		},
	}
}
