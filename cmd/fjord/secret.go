package main

import (
	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
)

// settleSecret decides about the key of peer tokens before anything uses it.
func (s *server) settleSecret() {
	c := &s.cfg
	in := cluster.SecretInput{
		Random: string(c.SecretKeyBase), Clustered: c.Dist.Enabled, Development: c.Development,
		APIToken: string(c.ServerAPIToken), Cookie: string(c.Dist.Cookie),
	}
	if c.IsSet("FJ_SECRET_KEY_BASE") {
		in.Configured = string(c.SecretKeyBase)
	}
	key, source := cluster.ChooseSecret(in)
	c.SecretKeyBase = config.Secret(key)
	switch source {
	case cluster.SecretDerived:
		s.main.Warn("FJ_SECRET_KEY_BASE is not set: the key of peer tokens is derived from FJ_SERVER_API_TOKEN and FJ_DIST_COOKIE. " +
			"Set it to the same value on every node to have tokens that Fishjam nodes accept too")
	case cluster.SecretAlone:
		s.main.Error("FJ_SECRET_KEY_BASE is not set, and FJ_DIST_COOKIE or FJ_SERVER_API_TOKEN is a well-known one: " +
			"peer tokens are valid on this node only. Set FJ_SECRET_KEY_BASE to the same value on every node")
	case cluster.SecretConfigured, cluster.SecretRandom:
	}
}
