package config

import (
	"slices"
	"time"
)

// The names of FJ_DIST_STRATEGY_NAME.
const (
	StrategyNodesList  = "NODES_LIST"
	StrategyDNS        = "DNS"
	StrategyGossip     = "GOSSIP"
	StrategyKubernetes = "KUBERNETES"

	// strategyStatic is NODES_LIST with a time to wait at start.
	strategyStatic = "STATIC"
)

// The values of FJ_DIST_EPMD.
const (
	EPMDAuto     = "auto"     // use the one that answers, else start one of its own process
	EPMDEmbedded = "embedded" // serve EPMD in this process when no other answers
	EPMDExternal = "external" // use the one that answers, never start one
	EPMDOff      = "off"      // no EPMD: every node listens on a port known beforehand
)

// The values of FJ_DIST_TLS_VERIFY.
const (
	VerifyPeer  = "peer"  // certificates of both sides, and the name of the dialled host
	VerifyChain = "chain" // certificates of both sides, whatever names they carry
	VerifyNone  = "none"  // encryption only; the cookie alone keeps strangers out
)

// Dist configures Erlang distribution. Cookie, LongNames, TLS, EPMDPort and
// EPMDAddress hold even when Enabled is false, for the tools; TLS is unchecked
// then.
type Dist struct {
	Enabled         bool
	Strategies      []string      // Strategy… names, at least one, no repetitions
	LongNames       bool          // FJ_DIST_MODE is name
	NodeName        string        // alive@host, as configured (DNS: host not yet resolved)
	NodeNameSet     bool          // false: NodeName is the default
	Cookie          Secret        // 1–255 characters
	CookieSet       bool          // false: Cookie is the well-known default
	Nodes           []string      // nodes to connect to, own name included if listed
	SyncTimeout     time.Duration // how long the start waits for Nodes; 0: not at all
	Queries         []string      // DNS names to poll
	PollingInterval time.Duration // > 0
	ResourceTypes   []string      // of a, aaaa, srv; what is asked for at Queries
	SRVHosts        bool          // nodes found by SRV are named by host name, not by address
	Gossip          Gossip
	Kubernetes      Kubernetes

	MinPort     int           // 0: any port
	MaxPort     int           // MinPort–65535
	PeerPort    int           // where others listen when EPMD is EPMDOff, 1–65535; else 0
	ListenIP    string        // empty: all addresses, or loopback for a loopback node name
	EPMD        string        // EPMDAuto, EPMDEmbedded, EPMDExternal or EPMDOff
	EPMDPort    int           // 1–65535
	EPMDAddress string        // comma separated addresses, empty: all
	NetTickTime time.Duration // whole seconds, ≥ 1 s

	Hidden         bool          // a hidden node
	Allow          DistAllow     // which nodes may link up
	TLS            DistTLS       // zero: no encryption
	ConnectTimeout time.Duration // of one attempt to link up, > 0
	RPCTimeout     time.Duration // of one question to another node, > 0
	WaitFor        int           // other nodes without which this one has never been ready
	ExpectedNodes  int           // members of the whole cluster, this one included; 0: not known
}

// Uses reports whether other nodes are looked for in this way.
func (d Dist) Uses(strategy string) bool { return slices.Contains(d.Strategies, strategy) }

// NamedByAddress reports whether nodes are found, and named, by IP address.
func (d Dist) NamedByAddress() bool {
	return (d.Uses(StrategyDNS) || d.Uses(StrategyKubernetes)) && !d.SRVHosts
}

// DistTLS is distribution over TLS (Erlang's inet_tls).
type DistTLS struct {
	CertPath   string // PEM chain of this node; empty: no TLS
	KeyPath    string // PEM private key; set exactly when CertPath is
	CACertPath string // PEM certificates of the authorities; empty only with VerifyNone
	Verify     string // VerifyPeer, VerifyChain or VerifyNone; empty without TLS
}

// Used reports whether links are encrypted.
func (t DistTLS) Used() bool { return t.CertPath != "" }

// Gossip is libcluster's UDP multicast.
type Gossip struct {
	Port      int    // 1–65535
	ListenIP  string // IPv4 address of the socket
	Multicast string // IPv4 multicast group
	Interface string // IPv4 address of the interface to send from; empty: the default one
	TTL       int    // 0–255
	Broadcast bool   // send to 255.255.255.255 instead of the group
	Secret    Secret // encrypts the packets; empty: plain
}

// Kubernetes is discovery by the DNS name of a headless service.
type Kubernetes struct {
	Service       string // required by StrategyKubernetes
	Namespace     string
	ClusterDomain string
	Basename      string // name part of the nodes' names; empty: this node's
}

// Query is the service's DNS name.
func (k Kubernetes) Query() string { return k.Service + "." + k.Namespace + ".svc." + k.ClusterDomain }
