// Package config reads FJ_* and JF_* variables into one immutable struct.
package config

// ---- CONTRACT (the owner of config replaces this file) ----

// Config is the configuration in effect. Field names: ServerAPIToken, Host, IP, Port, SSLKeyPath, SSLCertPath,
// SecretKeyBase, CheckOrigin, ResourcesBasePath, MetricsIP, MetricsPort, LogLevel, StructuredLogging, GitCommit,
// ComponentsUsed, SIPIP, S3 {Bucket, Region, AccessKeyID, SecretAccessKey, PathPrefix},
// WebRTC {Used, TurnIP, TurnListenIP, TurnPortMin, TurnPortMax, TurnTCPPort},
// Dist {Enabled, Strategy, LongNames, NodeName, Cookie, Nodes, Query, PollingInterval, MinPort, MaxPort,
//
//	ListenIP, EPMD, EPMDPort, EPMDAddress, NetTickTime}, FeatureRequestRouting, Development bool.
type Config struct{}
