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

	MetricsRoomLabels  bool          // series of single rooms are among the metrics
	MaxRooms           int           // rooms on this node; 0: no limit
	MaxForwardedTracks int           // forwarded tracks on this node from which it takes no rooms; 0: no limit
	DrainTimeout       time.Duration // how long SIGTERM lets rooms end by themselves; 0: not at all
	WebhookAllow       WebhookAllow

	ComponentsUsed []string // of hls, rtsp, file, sip, recording; no repetitions
	SIPIP          string   // external address of SIP components; empty unless sip is used
	S3             S3

	WebRTC WebRTC
	Dist   Dist

	// FeatureRequestRouting routes requests to the node that holds the room.
	FeatureRequestRouting bool
	RoomRouting           string // RoutingOff or RoutingTransparent
	RoomPlacement         string // PlacementReserved or PlacementPlain

	sources map[string]string // variable → the name it was read by, absent: default
}

// TLS reports whether the HTTP listener speaks HTTPS.
func (c Config) TLS() bool { return c.SSLCertPath != "" }

// IsSet reports whether a variable of the table, its flag or its file was given.
func (c Config) IsSet(variable string) bool {
	_, ok := c.sources[variable]
	return ok
}

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

	TurnTLSPort      int    // 0: no TLS
	TurnTLSAdvertise bool   // name the TLS port to clients; false unless TurnTLSPort is set
	TurnTLSCertPath  string // PEM certificate chain; set when TurnTLSPort is
	TurnTLSKeyPath   string // PEM private key; set when TurnTLSPort is
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
