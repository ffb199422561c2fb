package config

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

type env = map[string]string

func testSystem(e env) System {
	sys := Env(e)
	sys.Hostname = func() (string, error) { return "box.example.com", nil }
	sys.Getwd = func() (string, error) { return "/srv", nil }
	sys.ReadFile = func(path string) ([]byte, error) {
		if text, ok := strings.CutPrefix(path, "/text/"); ok {
			return []byte(text + "\n"), nil
		}
		return nil, fmt.Errorf("open %s: %w", path, os.ErrNotExist)
	}
	sys.LookupIPv4 = func(host string) ([]netip.Addr, error) {
		if host == "fly-global-services" {
			return []netip.Addr{netip.MustParseAddr("172.19.0.2")}, nil
		}
		return Env(nil).LookupIPv4(host)
	}
	return sys
}

func mustLoad(t *testing.T, e env, args ...string) Config {
	t.Helper()
	c, _, err := Load(testSystem(e), args)
	if err != nil {
		t.Fatalf("Load(%v, %q): %v", e, args, err)
	}
	return c
}

func problems(t *testing.T, e env, args ...string) []string {
	t.Helper()
	_, _, err := Load(testSystem(e), args)
	var ps Problems
	if err != nil && !errors.As(err, &ps) {
		t.Fatalf("error is %T, not Problems: %v", err, err)
	}
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return lines
}

// TestDefaults is the default of every field, in development mode.
func TestDefaults(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	want := Config{
		Development: true, ServerAPIToken: "development", Host: "127.0.0.1:5002", IP: loopback, Port: 5002,
		SecretKeyBase: Secret(strings.Repeat("A", 64)), CheckOrigin: OriginCheck{Mode: OriginAny},
		ResourcesBasePath: "/srv/fishjam_resources", MetricsIP: loopback, MetricsPort: 9568, LogLevel: "info", GitCommit: "dev",
		MetricsRoomLabels: true, RoomRouting: "off", RoomPlacement: "reserved",
		WebRTC: WebRTC{Used: true, TurnIP: loopback, TurnListenIP: loopback, TurnPortMin: 50000, TurnPortMax: 59999},
		Dist: Dist{
			Strategies: []string{"NODES_LIST"}, Cookie: "fishjam_cookie", PollingInterval: 5 * time.Second,
			EPMD: "auto", EPMDPort: 4369, NetTickTime: time.Minute, ConnectTimeout: 7 * time.Second, RPCTimeout: 500 * time.Millisecond,
			ResourceTypes: []string{"a", "aaaa"}, Gossip: Gossip{Port: 45892, ListenIP: "0.0.0.0", Multicast: "233.252.1.32", TTL: 1},
			Kubernetes: Kubernetes{ClusterDomain: "cluster.local"},
		},
	}
	got := mustLoad(t, nil)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
}

func TestPortAndHostByMode(t *testing.T) {
	for name, tc := range map[string]struct {
		env  env
		host string
		mode OriginMode
	}{
		"the manual's first node":        {env{"FJ_DIST_ENABLED": "true", "FJ_DIST_NODE_NAME": "f1@localhost"}, "127.0.0.1:5002", OriginAny},
		"the manual's second node":       {env{"FJ_DIST_ENABLED": "true", "FJ_DIST_NODE_NAME": "f2@localhost", "FJ_PORT": "4002"}, "127.0.0.1:4002", OriginAny},
		"with a token":                   {env{"FJ_SERVER_API_TOKEN": "t"}, "127.0.0.1:8080", OriginHost},
		"with a token and all addresses": {env{"FJ_SERVER_API_TOKEN": "t", "FJ_IP": "0.0.0.0"}, "0.0.0.0:8080", OriginHost},
		"IPv6 gets brackets":             {env{"FJ_IP": "::1"}, "[::1]:5002", OriginAny},
		"a host of one's own":            {env{"FJ_HOST": "media.example.com/x"}, "media.example.com/x", OriginAny},
		"development, origins checked":   {env{"FJ_CHECK_ORIGIN": "TRUE"}, "127.0.0.1:5002", OriginHost},
		"the request's own host":         {env{"FJ_CHECK_ORIGIN": ":conn"}, "127.0.0.1:5002", OriginConn},
	} {
		c := mustLoad(t, tc.env)
		if c.Host != tc.host || c.CheckOrigin.Mode != tc.mode {
			t.Errorf("%s: host %q, origin mode %d; want %q, %d", name, c.Host, c.CheckOrigin.Mode, tc.host, tc.mode)
		}
	}
}

func TestNodeNames(t *testing.T) {
	for name, tc := range map[string]struct {
		env  env
		node string
	}{
		"default, short":   {env{"FJ_DIST_ENABLED": "true"}, "fishjam@box"},
		"default, long":    {env{"FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name"}, "fishjam@box"},
		"as set":           {env{"FJ_DIST_ENABLED": "TRUE", "FJ_DIST_NODE_NAME": "f1@localhost"}, "f1@localhost"},
		"Jellyfish's name": {env{"JF_DIST_ENABLED": "true", "JF_DIST_NODE_NAME": "j1@localhost"}, "j1@localhost"},
		"IPv6 host":        {env{"FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name", "FJ_DIST_NODE_NAME": "f@fd00::1"}, "f@fd00::1"},
		"distribution off": {env{"FJ_DIST_NODE_NAME": "@@@"}, ""},
	} {
		if c := mustLoad(t, tc.env); c.Dist.NodeName != tc.node {
			t.Errorf("%s: %q, want %q", name, c.Dist.NodeName, tc.node)
		}
	}
}

func TestPrecedence(t *testing.T) {
	e := env{"FJ_PORT": "1001", "JF_PORT": "1002"}
	if c := mustLoad(t, e); c.Port != 1001 {
		t.Errorf("FJ_ beats JF_: port %d", c.Port)
	}
	if c := mustLoad(t, env{"JF_PORT": "1002"}); c.Port != 1002 {
		t.Errorf("JF_ alone: port %d", c.Port)
	}
	if c := mustLoad(t, e, "--port=1003"); c.Port != 1003 {
		t.Errorf("flag beats all: port %d", c.Port)
	}
	if c := mustLoad(t, nil, "-dist-enabled", "--dist-node-name", "f@h"); !c.Dist.Enabled || c.Dist.NodeName != "f@h" {
		t.Errorf("boolean flag without a value: %+v", c.Dist)
	}
	if _, _, err := Load(testSystem(nil), []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

// TestEveryVariableIsReadFromItsAncestor also checks that an FJ_ variable wins and the JF_ one is still warned of.
func TestEveryVariableIsReadFromItsAncestor(t *testing.T) {
	good := env{
		"port": "1234", "IP address": "10.0.0.7", "boolean": "true", "from-to": "1-2", "path": "/x",
	}
	for _, v := range Variables() {
		if v.Ancestor == "" {
			continue
		}
		_, notes, err := Load(testSystem(env{v.Ancestor: good[v.Type], v.Name: good[v.Type]}), nil)
		if len(notes) == 0 || notes[0].Variable != v.Ancestor || !strings.Contains(notes[0].Message, v.Name) {
			t.Errorf("%s: notes %v (error %v)", v.Ancestor, notes, err)
		}
	}
}

func TestNotes(t *testing.T) {
	sys := testSystem(env{
		"FJ_DIST_ENABLED": "true", "FJ_LOG_LEVEL": "warn", "FJ_WEBRTC_TURN_LISTEN_IP": "fly-global-services", "JF_SIP_USED": "true", "JF_HOST": "h",
	})
	sys.Environ = func() []string { return []string{"FJ_PROT=1", "HOME=/", "FJ_HOST=h"} }
	c, notes, err := Load(sys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.LogLevel != "info" || c.WebRTC.TurnListenIP.String() != "172.19.0.2" || c.Host != "h" {
		t.Errorf("level %q, listen %v, host %q", c.LogLevel, c.WebRTC.TurnListenIP, c.Host)
	}
	want := []Note{
		{slog.LevelWarn, "JF_HOST", "JF_HOST is the deprecated name of FJ_HOST; it still works, but set FJ_HOST instead"},
		{slog.LevelWarn, "FJ_LOG_LEVEL", "Provided unknown level of logs: warn. Valid values are info, debug, warning, error.\nSet value to default - info."},
		{slog.LevelInfo, "FJ_WEBRTC_TURN_LISTEN_IP", "Resolved fly-global-services as 172.19.0.2"},
		{slog.LevelWarn, "FJ_DIST_NODES", "NODES_LIST strategy requires FJ_DIST_NODES to be set\nby at least one Fishjam instace. This instance has FJ_DIST_NODES unset."},
		{slog.LevelWarn, "FJ_PROT", "FJ_PROT is not a variable of Fjord and is ignored; see the list: fjord config"},
		{slog.LevelWarn, "JF_SIP_USED", "JF_SIP_USED is no longer read; FJ_COMPONENTS_USED has taken its place"},
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	c := mustLoad(t, env{"FJ_SERVER_API_TOKEN_FILE": "/text/tok", "FJ_SECRET_KEY_BASE_FILE": "/text/skb", "FJ_DIST_COOKIE_FILE": "/text/cook", "JF_DIST_COOKIE": "x"})
	if c.ServerAPIToken != "tok" || c.SecretKeyBase != "skb" || c.Dist.Cookie != "cook" || c.Development {
		t.Errorf("%q %q %q %v", string(c.ServerAPIToken), string(c.SecretKeyBase), string(c.Dist.Cookie), c.Development)
	}
	if c := mustLoad(t, env{"FJ_DIST_COOKIE": "a"}, "--dist-cookie-file=/text/b"); c.Dist.Cookie != "b" {
		t.Errorf("a file flag beats a variable: %q", string(c.Dist.Cookie))
	}
	if c := mustLoad(t, env{"FJ_DIST_COOKIE_FILE": "/none"}, "--dist-cookie=a"); c.Dist.Cookie != "a" {
		t.Errorf("a flag beats a file variable: %q", string(c.Dist.Cookie))
	}
}

// TestAnyEnvironmentNeverPanics also checks that a problem is one line that names a variable.
func TestAnyEnvironmentNeverPanics(t *testing.T) {
	table := Variables()
	values := []string{"", " ", "true", "false", "0", "1", "65536", "-1", "9000", "127.0.0.1", "::", "a@b", "a@b.c", "DNS", "NODES_LIST", "name", "sname", "sip hls", "1-2", "\n\x1b", "x y", "é@ü"}
	rapid.Check(t, func(t *rapid.T) {
		e := env{}
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			v := rapid.SampledFrom(table).Draw(t, "variable")
			name := v.Name
			if v.Ancestor != "" && rapid.Bool().Draw(t, "jf") {
				name = v.Ancestor
			}
			e[name] = rapid.SampledFrom(values).Draw(t, "value")
		}
		c, _, err := Load(testSystem(e), nil)
		var ps Problems
		switch {
		case err == nil:
			if c.ServerAPIToken == "" || c.SecretKeyBase == "" || c.Host == "" || c.Port == 0 {
				t.Fatalf("%v: incomplete: %v", e, c)
			}
			if c.Development && !c.IP.IsLoopback() {
				t.Fatalf("%v: development mode on %v", e, c.IP)
			}
		case !errors.As(err, &ps) || len(ps) == 0:
			t.Fatalf("%v: %v", e, err)
		}
		for _, p := range ps {
			if strings.ContainsAny(p.String(), "\n\x1b") || p.Variable == "" || p.Fix == "" {
				t.Fatalf("%v: %q", e, p)
			}
		}
	})
}

func TestGeneratedFilesAreCurrent(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "config.md"))
	if err != nil || string(doc) != Markdown() {
		t.Errorf("docs/config.md is not current (%v); run: go generate ./config", err)
	}
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if errors.Is(err, os.ErrNotExist) {
		return // a source tree without its README
	}
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := ReplaceTable(string(readme)); !ok || text != string(readme) {
		t.Errorf("the table of README.md is not current (its marks found: %v; they are the lines %q and %q); run: go generate ./config", ok, MarkBegin, MarkEnd)
	}
}
