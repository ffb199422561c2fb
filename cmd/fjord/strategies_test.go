package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
)

func TestStrategies(t *testing.T) {
	for names, want := range map[string]struct{ all, topology string }{
		"":                  {"NODES_LIST", cluster.TopologyNodesList},
		"STATIC":            {"NODES_LIST", cluster.TopologyNodesList},
		"DNS":               {"DNS", cluster.TopologyDNS},
		"KUBERNETES GOSSIP": {"KUBERNETES GOSSIP", cluster.TopologyDNS},
		"GOSSIP NODES_LIST": {"GOSSIP NODES_LIST", cluster.TopologyDNS},
	} {
		env := map[string]string{
			"FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name", "FJ_DIST_QUERY": "q.example.com", "FJ_DIST_NODES": "a@b.c",
			"FJ_DIST_KUBERNETES_SERVICE": "s", "FJ_DIST_NODE_NAME": "a@127.0.0.1",
		}
		if names != "" {
			env["FJ_DIST_STRATEGY_NAME"] = names
		}
		cfg, _, err := config.Load(config.Env(env), nil)
		if err != nil {
			t.Fatal(err)
		}
		all, topology := strategies(cfg.Dist, "a@127.0.0.1", slog.New(slog.DiscardHandler))
		var got []string
		for _, s := range all {
			got = append(got, s.Name())
		}
		if strings.Join(got, " ") != want.all || topology != want.topology {
			t.Errorf("%q: %q, %s", names, got, topology)
		}
	}
	if all, _ := strategies(config.Dist{}, "", nil); all != nil {
		t.Errorf("without distribution: %v", all)
	}
}

func TestDistOptions(t *testing.T) {
	if distTLS(config.Dist{}) != nil || distAllow(config.Dist{}) != nil {
		t.Error("nothing is asked for")
	}
	d := config.Dist{
		TLS:   config.DistTLS{CertPath: "c", KeyPath: "k", CACertPath: "a", Verify: config.VerifyChain},
		Allow: config.DistAllow{Names: []string{"f.@h"}},
	}
	if o := distTLS(d); o.CertFile != "c" || o.KeyFile != "k" || o.CACertFile != "a" || o.Verify != "chain" {
		t.Errorf("%+v", o)
	}
	if allow := distAllow(d); !allow("f1@h", address("")) || allow("g1@h", address("")) {
		t.Error("the list of names is not followed")
	}
}
