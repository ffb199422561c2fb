package config

import (
	"strconv"
	"strings"
	"time"
)

const defaultEPMDPort = 4369

func defaultDist() Dist {
	return Dist{
		Strategies:      []string{StrategyNodesList},
		Cookie:          defaultCookie,
		PollingInterval: 5 * time.Second,
		EPMD:            EPMDAuto,
		EPMDPort:        defaultEPMDPort,
		NetTickTime:     60 * time.Second,
		ResourceTypes:   []string{"a", "aaaa"},
		Gossip:          Gossip{Port: 45892, ListenIP: "0.0.0.0", Multicast: "233.252.1.32", TTL: 1},
		Kubernetes:      Kubernetes{ClusterDomain: "cluster.local"},
		ConnectTimeout:  7 * time.Second,
		RPCTimeout:      500 * time.Millisecond,
	}
}

func distVariables() []Variable {
	var all []Variable
	for _, part := range [][]Variable{discoveryVariables(), strategyVariables(), meetingVariables(), listenVariables(), secureVariables()} {
		all = append(all, part...)
	}
	return inGroup(GroupDistribution, all)
}

// discoveryVariables say who this node is and whom it looks for.
func discoveryVariables() []Variable {
	return []Variable{
		{
			Name: "FJ_DIST_ENABLED", Type: "boolean", Default: "false", Boolean: true,
			Doc:  "Join a cluster. Unless it is true, the variables below are not read, but for the mode.",
			read: readDistEnabled,
			show: func(c Config) string { return strconv.FormatBool(c.Dist.Enabled) },
		},
		{
			Name: "FJ_DIST_STRATEGY_NAME", Type: "NODES_LIST, STATIC, DNS, GOSSIP, KUBERNETES; separated by spaces or commas", Default: "NODES_LIST",
			Doc: "How other nodes are found, in one way or in several at once: those in `FJ_DIST_NODES` (STATIC: the start waits for them, see `FJ_DIST_SYNC_TIMEOUT`), " +
				"those whose addresses `FJ_DIST_QUERY` resolves to, those that are heard by libcluster's UDP multicast, those behind a headless service of Kubernetes.",
			read: readStrategy,
			show: func(c Config) string { return strings.Join(c.Dist.Strategies, " ") },
		},
		{
			Name: "FJ_DIST_MODE", Type: "sname or name", Default: "sname",
			Doc:  "Short node names (`f1@host`) or long ones (`f1@host.example.com`, `f1@10.0.0.1`). All nodes of a cluster use the same; DNS needs `name`.",
			read: readMode,
			show: func(c Config) string {
				if c.Dist.LongNames {
					return "name"
				}
				return "sname"
			},
		},
		{
			Name: "FJ_DIST_NODE_NAME", Type: "name@host", Default: "`fishjam@<hostname>`",
			Doc:  "Name of this node. With DNS the host part is replaced by this node's address.",
			read: readNodeName,
			show: func(c Config) string { return c.Dist.NodeName },
		},
		{
			Name: "FJ_DIST_COOKIE", Type: "string", Default: "fishjam_cookie", Secret: true, HasFile: true,
			Doc:  "Erlang cookie, the same on all nodes. It keeps strangers out, but encrypts nothing: keep the cluster inside one network.",
			read: readCookie,
			show: func(c Config) string { return string(c.Dist.Cookie) },
		},
		{
			Name: "FJ_DIST_NODES", Type: "node names separated by spaces", Default: "none",
			Doc:  "Nodes to connect to. The own name may be among them, so that all nodes can have the same list.",
			read: readNodes,
			show: func(c Config) string { return strings.Join(c.Dist.Nodes, " ") },
		},
	}
}

// listenVariables say where this node can be reached by others.
func listenVariables() []Variable {
	return []Variable{
		{
			Name: "FJ_DIST_MIN_PORT", Type: "port", Default: "any port (image: 9000)",
			Doc:  "Lowest port the distribution listener may take.",
			read: distPort(func(c *Config) *int { return &c.Dist.MinPort }),
			show: func(c Config) string { return showNumber(c.Dist.MinPort) },
		},
		{
			Name: "FJ_DIST_MAX_PORT", Type: "port", Default: "`FJ_DIST_MIN_PORT` (image: 9000)",
			Doc:  "Highest port the distribution listener may take.",
			read: distPort(func(c *Config) *int { return &c.Dist.MaxPort }),
			show: func(c Config) string { return showNumber(c.Dist.MaxPort) },
		},
		{
			Name: "FJ_DIST_LISTEN_IP", Ancestor: noAncestor, Type: "IP address", Default: "all addresses; loopback when the node's host is loopback",
			Doc:  "Address the distribution listener binds to.",
			read: readDistListen,
			show: func(c Config) string { return c.Dist.ListenIP },
		},
		{
			Name: "FJ_DIST_EPMD", Ancestor: noAncestor, Type: "auto, embedded, external or off", Default: "auto",
			Doc: "Erlang's port mapper: use the one that answers, else start one that outlives this node (`auto`); else serve it in this process " +
				"(`embedded`); use one that answers and never start any (`external`); do without (`off`): then all nodes listen on one port, which " +
				"`FJ_DIST_MIN_PORT` and `FJ_DIST_MAX_PORT` both name, as with `erl -start_epmd false -erl_epmd_port N`.",
			read: readEPMD,
			show: func(c Config) string { return c.Dist.EPMD },
		},
		{
			Name: "FJ_DIST_PEER_PORT", Ancestor: noAncestor, Type: "port", Default: "`FJ_DIST_MIN_PORT`",
			Doc:  "Without EPMD: the port all other nodes listen on, should it not be this node's own.",
			read: whenDist(port("FJ_DIST_PEER_PORT", func(c *Config) *int { return &c.Dist.PeerPort })),
			show: func(c Config) string { return showNumber(c.Dist.PeerPort) },
		},
		{
			Name: "FJ_DIST_NET_TICKTIME", Ancestor: noAncestor, Type: "seconds", Default: "60",
			Doc:  "A link on which nothing arrives for this long is closed (Erlang's `net_ticktime`).",
			read: readTickTime,
			show: func(c Config) string { return strconv.Itoa(int(c.Dist.NetTickTime / time.Second)) },
		},
		{
			Name: "ERL_EPMD_PORT", Type: "port", Default: "4369",
			Doc:  "Port of the port mapper, on all hosts of the cluster.",
			read: readEPMDPort,
			show: func(c Config) string { return strconv.Itoa(c.Dist.EPMDPort) },
		},
		{
			Name: "ERL_EPMD_ADDRESS", Type: "IP addresses separated by commas", Default: "all addresses",
			Doc:  "Addresses a port mapper started by Fjord listens on; loopback is always among them.",
			read: readEPMDAddress,
			show: func(c Config) string { return c.Dist.EPMDAddress },
		},
	}
}
