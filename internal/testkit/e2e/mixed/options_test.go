//go:build e2e

package mixed

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// A hidden node is linked, but nobody's member: nodes of the original do not count
// or ask it, and nobody places rooms on it.
func TestHiddenFjord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	hidden := w.fjord("h1@localhost", "FJ_DIST_HIDDEN", "true", "FJ_DIST_NODES", "f1@localhost d1@localhost")
	testkit.Within(t, 3*time.Second, "the hidden node is linked", func() bool {
		return peerOf(hidden, "d1@localhost").State == "up" && peerOf(f, "h1@localhost").State == "up"
	})
	testkit.Within(t, 3*time.Second, "the double has both links", func() bool {
		return d.Eval(t, "{nodes(), nodes(hidden)}.") == "{[f1@localhost],[h1@localhost]}"
	})
	testkit.WaitMesh(t, time.Second, f, d.REST)
	for _, from := range []*testkit.Fjord{f, d.REST} {
		if got := spread(t, from, 4); got["h1:1"] != 0 {
			t.Errorf("from %s: %v", from.Name, got)
		}
	}
	if p := peerOf(f, "h1@localhost"); !p.Hidden || p.Kind != "other" {
		t.Errorf("shown as %+v", p)
	}
	if warnings := d.Warnings(t); len(warnings) != 0 {
		t.Errorf("the double warns: %q", warnings)
	}
	d.Clean(t)
}

// FJ_DIST_ALLOW lets named nodes in, of either kind, and says why others are not.
func TestAllowedNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost", "FJ_DIST_ALLOW", "(f2|d1)@localhost")
	friend := w.fjord("f2@localhost", "FJ_DIST_NODES", "f1@localhost")
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 3*time.Second, f, friend, d.REST)
	stranger := w.fjord("f3@localhost", "FJ_DIST_NODES", "f1@localhost", "FJ_DIST_ALLOW", "f1@localhost")
	testkit.Within(t, 3*time.Second, "the reason is shown", func() bool { return peerOf(stranger, "f1@localhost").Reason == "name_refused" })
	d.Expect(t, "nodes() -- [f1@localhost, f2@localhost].", "[]")
	if n := f.NodesInCluster(); n != 3 {
		t.Errorf("%d nodes in the cluster", n)
	}
	answers(t, stranger)
}

// The cookie may come from a file; the number of nodes there should be is told.
func TestCookieFileAndExpectedNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "cookie")
	if err := os.WriteFile(file, []byte("of-our-own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := w.fjord("f1@localhost", "FJ_DIST_COOKIE_FILE", file, "FJ_DIST_EXPECTED_NODES", "3")
	o := w.options("d1@localhost", elixir.Fishjam, "f1@localhost")
	o.Cookie = "of-our-own"
	d := elixir.Start(t, o)
	testkit.WaitMesh(t, 3*time.Second, a, d.REST)
	if n := clusterOf(a).ExpectedNodes; n != 3 {
		t.Errorf("%d nodes are expected", n)
	}
}

// Several ways of discovery at once: a list, and SRV records, by address and by
// host name; what one finds is not undone by another.
func TestSeveralStrategiesAndSRV(t *testing.T) {
	t.Parallel()
	for names, hostOf := range map[string]func(i int) string{
		"ip":   func(i int) string { return fmt.Sprintf("10.77.0.%d", i) },
		"host": func(i int) string { return fmt.Sprintf("n%d.app.internal", i) },
	} {
		t.Run(names, func(t *testing.T) {
			t.Parallel()
			lab := testkit.NewLab(t)
			ns := lab.AddHost("10.77.0.53/24")
			args := []string{"--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--log-facility=-", "--user=root"}
			for i := 1; i <= 3; i++ {
				args = append(args, fmt.Sprintf("--host-record=n%d.app.internal,10.77.0.%d", i, i))
			}
			for i := 1; i <= 2; i++ { // the third is in the list only
				args = append(args, fmt.Sprintf("--srv-host=_fjord._tcp.app.internal,n%d.app.internal,4369", i))
			}
			testkit.NeedTools(t, "dnsmasq")
			testkit.Start(t, testkit.Command{Name: "dnsmasq", Path: "dnsmasq", Host: ns, Args: args})
			var nodes []*testkit.Fjord
			for i, h := range hosts(lab, ns, "10.77.0.%d/24", 3) {
				env := map[string]string{
					"FJ_DIST_STRATEGY_NAME": "NODES_LIST DNS", "FJ_DIST_NODES": "app@" + hostOf(3), "FJ_DIST_NODE_NAME": "app@" + hostOf(i+1),
					"FJ_DIST_QUERY": "_fjord._tcp.app.internal", "FJ_DIST_RESOURCE_TYPES": "srv", "FJ_DIST_DNS_NAMES": names, "FJ_DIST_POLLING_INTERVAL": "1000",
				}
				if i == 2 { // it looks for nobody
					env["FJ_DIST_STRATEGY_NAME"] = "NODES_LIST"
				}
				nodes = append(nodes, on(t, h, "app", env))
			}
			testkit.WaitMesh(t, 5*time.Second, nodes...)
			testkit.During(t, 2500*time.Millisecond, "the mesh", func() bool {
				return !slices.ContainsFunc(nodes, func(f *testkit.Fjord) bool { return f.NodesInCluster() != 3 })
			})
		})
	}
}

// fjord drain, --undo and --wait, as an operator types them beside the server.
func TestDrainCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	members(t, 3*time.Second, 2, nodes...)
	id := roomOn(t, nodes[0], "f2:1")
	start := func(args ...string) *testkit.Process {
		_, port, _ := strings.Cut(strings.TrimPrefix(nodes[1].API, "http://"), ":")
		return testkit.Start(t, testkit.Command{
			Name: "fjord " + strings.Join(args, " "), Path: testkit.Binary(t), Args: args,
			Env: []string{"FJ_PORT=" + port, "FJ_SERVER_API_TOKEN=" + testkit.Token},
		})
	}
	run := func(args ...string) {
		t.Helper()
		if p := start(args...); p.WaitExit(t, 3*time.Second) != 0 {
			t.Fatalf("%s: %s", p.Name, p.Log())
		}
	}
	run("drain")
	if got := spread(t, nodes[0], 4); got["f2:1"] != 0 {
		t.Errorf("rooms on the draining node: %v", got)
	}
	run("drain", "--undo")
	roomOn(t, nodes[0], "f2:1")
	waiting := start("drain", "--wait", "--timeout=1m")
	testkit.Within(t, 2*time.Second, "it drains", func() bool { return clusterOf(nodes[1]).Draining })
	testkit.During(t, 500*time.Millisecond, "the command waits", func() bool { return !waiting.Exited() })
	for _, room := range roomIDs(nodes[1]) {
		if status, body, err := nodes[1].Do("DELETE", "/room/"+room, ""); err != nil || status != 204 {
			t.Errorf("delete %s: %d %s %v", room, status, body, err)
		}
	}
	if has(nodes[0], id) {
		t.Error("the room has moved")
	}
	if code := nodes[1].WaitExit(t, 3*time.Second); code != 0 {
		t.Errorf("the node ended with status %d", code)
	}
	if code := waiting.WaitExit(t, 3*time.Second); code != 0 {
		t.Errorf("fjord drain --wait ended with status %d: %s", code, waiting.Log())
	}
	testkit.WaitMesh(t, time.Second, nodes[0])
}
