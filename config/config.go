// Package config turns FJ_* (or, as before, JF_*) environment variables and
// flags of the same names into one Config.
//
// Load is pure: everything it knows of the machine comes in by System. It
// never stops at the first mistake: all problems come back together, each with
// the variable's name and the fix. The table of variables (Variables) is data;
// flags, documentation and `fjord config` are made from it.
package config

import (
	"net/netip"
	"time"
)

// The names of FJ_DIST_STRATEGY_NAME.
const (
	StrategyNodesList = "NODES_LIST"
	StrategyDNS       = "DNS"
)

// The values of FJ_DIST_EPMD.
const (
	EPMDAuto     = "auto"     // use the one that answers, else start one of its own process
	EPMDEmbedded = "embedded" // serve EPMD in this process when no other answers
	EPMDExternal = "external" // use the one that answers, never start one
	EPMDOff      = "off"      // no EPMD: every node listens on MinPort
)

// Config is the configuration in effect. It is a value: pass it, never change
// one that is in use, and treat its slices as read-only. Formatting or logging
// it shows no secret.
type Config struct {
	// Development is true when no API token is set: the token is then
	// "development" and the server listens on loopback only.
	Development bool

	ServerAPIToken Secret     // bearer token of REST and of the server socket; never empty
	Host           string     // host[:port][/path] that clients are sent to (fishjam_address)
	IP             netip.Addr // HTTP listen address
	Port           int        // HTTP listen port, 1–65535
	SSLKeyPath     string     // PEM private key; empty: plain HTTP
	SSLCertPath    string     // PEM certificate chain; set exactly when SSLKeyPath is
	SecretKeyBase  Secret     // key of peer tokens; never empty
	CheckOrigin    OriginCheck

	ResourcesBasePath string // absolute path of recordings and HLS files
	MetricsIP         netip.Addr
	MetricsPort       int    // 1–65535
	LogLevel          string // debug, info, warning or error
	StructuredLogging bool   // JSON lines instead of text
	GitCommit         string // shown by /health and at start

	ComponentsUsed []string // of hls, rtsp, file, sip, recording; no repetitions
	SIPIP          string   // external address of SIP components; empty unless sip is used
	S3             S3

	WebRTC WebRTC
	Dist   Dist

	// FeatureRequestRouting routes requests to the node that holds the room.
	FeatureRequestRouting bool

	sources map[string]string // variable → the name it was read by, absent: default
}

// TLS reports whether the HTTP listener speaks HTTPS.
func (c Config) TLS() bool { return c.SSLCertPath != "" }

// S3 holds the node-wide storage credentials for recordings. Either all of
// Bucket, Region, AccessKeyID and SecretAccessKey are set or none.
type S3 struct {
	Bucket          string
	Region          string
	AccessKeyID     Secret
	SecretAccessKey Secret
	PathPrefix      string
}

// Used reports whether credentials are set.
func (s S3) Used() bool { return s.Bucket != "" }

// WebRTC configures the media port. With Used false the other fields are zero.
type WebRTC struct {
	Used         bool
	TurnIP       netip.Addr // address announced to clients
	TurnListenIP netip.Addr // address the media sockets bind to
	TurnPortMin  int        // 0–65535
	TurnPortMax  int        // TurnPortMin–65535
	TurnTCPPort  int        // 0: no TCP
}

// Dist configures Erlang distribution. Cookie, LongNames, EPMDPort and
// EPMDAddress hold even when Enabled is false, for the tools.
type Dist struct {
	Enabled         bool
	Strategy        string        // StrategyNodesList or StrategyDNS
	LongNames       bool          // FJ_DIST_MODE is name
	NodeName        string        // alive@host, as configured (DNS: host not yet resolved)
	NodeNameSet     bool          // false: NodeName is the default
	Cookie          Secret        // 1–255 characters
	CookieSet       bool          // false: Cookie is the well-known default
	Nodes           []string      // nodes to connect to, own name included if listed
	Query           string        // DNS name to poll
	PollingInterval time.Duration // > 0
	MinPort         int           // 0: any port
	MaxPort         int           // MinPort–65535
	ListenIP        string        // empty: all addresses, or loopback for a loopback node name
	EPMD            string        // EPMDAuto, EPMDEmbedded, EPMDExternal or EPMDOff
	EPMDPort        int           // 1–65535
	EPMDAddress     string        // comma separated addresses, empty: all
	NetTickTime     time.Duration // whole seconds, ≥ 1 s
}

// OriginMode says how the Origin header of a websocket request is checked.
type OriginMode int

// The ways of checking an Origin.
const (
	OriginHost OriginMode = iota // its host must be Config.Host's host
	OriginAny                    // anything goes
	OriginConn                   // scheme, host and port must be those of the request
	OriginList                   // it must match an entry of OriginCheck.Allowed
)

// OriginCheck is the value of FJ_CHECK_ORIGIN.
type OriginCheck struct {
	Mode    OriginMode
	Allowed []string // of OriginList: host, //host:port, //*.host or scheme://host
}
