package config

import (
	"strconv"
	"strings"
	"time"
)

const defaultEPMDPort = 4369

func defaultDist() Dist {
	return Dist{
		Strategy:        StrategyNodesList,
		Cookie:          defaultCookie,
		PollingInterval: 5 * time.Second,
		EPMD:            EPMDAuto,
		EPMDPort:        defaultEPMDPort,
		NetTickTime:     60 * time.Second,
	}
}

func distVariables() []Variable {
	return inGroup(GroupDistribution, append(discoveryVariables(), listenVariables()...))
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
			Name: "FJ_DIST_STRATEGY_NAME", Type: "NODES_LIST or DNS", Default: "NODES_LIST",
			Doc:  "How other nodes are found: those in `FJ_DIST_NODES`, or those whose addresses `FJ_DIST_QUERY` resolves to.",
			read: readStrategy,
			show: func(c Config) string { return c.Dist.Strategy },
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
		{
			Name: "FJ_DIST_QUERY", Type: "DNS name", Default: "unset",
			Doc:  "Name whose A and AAAA records are the nodes' addresses; required by DNS.",
			read: whenDist(text(func(c *Config) *string { return &c.Dist.Query })),
			show: func(c Config) string { return c.Dist.Query },
		},
		{
			Name: "FJ_DIST_POLLING_INTERVAL", Type: "milliseconds", Default: "5000",
			Doc:  "Time between two look-ups of `FJ_DIST_QUERY`.",
			read: readPollingInterval,
			show: func(c Config) string { return strconv.FormatInt(c.Dist.PollingInterval.Milliseconds(), 10) },
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
				"`FJ_DIST_MIN_PORT` and `FJ_DIST_MAX_PORT` both name.",
			read: readEPMD,
			show: func(c Config) string { return c.Dist.EPMD },
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

func featureVariables() []Variable {
	const routing = "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED"
	return inGroup(GroupFeature, []Variable{{
		Name: routing, Type: "boolean", Default: "false", Boolean: true,
		Doc:  "Room ids contain the node's name, and any node passes requests on to the one that holds the room.",
		read: boolean(routing, func(c *Config) *bool { return &c.FeatureRequestRouting }),
		show: func(c Config) string { return strconv.FormatBool(c.FeatureRequestRouting) },
	}})
}
