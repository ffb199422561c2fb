//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// recipe starts a node with exactly the variables of a manual's command line.
func recipe(t *testing.T, place testkit.Place, line string) *testkit.Fjord {
	t.Helper()
	env := map[string]string{}
	for _, word := range splitWords(line) {
		key, value, _ := strings.Cut(word, "=")
		env[key] = value
	}
	return testkit.StartFjord(t, testkit.FjordOptions{Name: line, Env: env, Bare: true, Host: place.Host})
}

// splitWords splits at spaces outside double quotes and drops the quotes.
func splitWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted := false
	for _, r := range line + " " {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return words
}

// endEPMD stops the port mapper that a node started and that outlives it, on
// a machine that is not removed after the test.
func endEPMD(t *testing.T, place testkit.Place) {
	t.Helper()
	if place.Host != nil {
		return
	}
	t.Cleanup(func() {
		p := testkit.Start(t, testkit.Command{Path: testkit.Binary(t), Args: []string{"epmd", "-kill"}})
		testkit.Within(t, 2*time.Second, "epmd -kill ends", p.Exited)
	})
}

func TestManualsRecipeFromSource(t *testing.T) {
	for name, c := range map[string]struct{ first, second, firstNode string }{
		"Fishjam": {
			first:     `FJ_DIST_ENABLED=true FJ_DIST_NODE_NAME=f1@localhost`,
			second:    `FJ_DIST_ENABLED=true FJ_DIST_NODE_NAME=f2@localhost FJ_DIST_NODES="f1@localhost" FJ_PORT=4002 FJ_METRICS_PORT=9468`,
			firstNode: `:f1@localhost`,
		},
		"Jellyfish": {
			first:     `JF_DIST_ENABLED=true JF_DIST_NODE_NAME=j1@localhost`,
			second:    `JF_DIST_ENABLED=true JF_DIST_NODE_NAME=j2@localhost JF_DIST_NODES="j1@localhost" JF_PORT=4002 JF_METRICS_PORT=9468`,
			firstNode: `:j1@localhost`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			place := testkit.NewPlace(t)
			endEPMD(t, place)
			first := recipe(t, place, c.first).WaitUp(t)
			second := recipe(t, place, c.second).WaitUp(t)
			second.WaitLog(t, 2*time.Second, `\[info\] \[libcluster:epmd_cluster\] connected to `+c.firstNode+`\n`)
			testkit.WaitMesh(t, 2*time.Second, first, second)
			testkit.TwoAddresses(t, second, "127.0.0.1:5002", "127.0.0.1:4002")
			if n := len(second.Matches(`connected to ` + c.firstNode)); n != 1 {
				t.Errorf("%d lines about the connection, want 1", n)
			}
			if name == "Jellyfish" && !strings.Contains(first.Log(), "JF_DIST_ENABLED") {
				t.Error("no warning about the old name of a variable")
			}
			loopbackOnly(t, first)
			epmdOutlives(t, place, first, second)
		})
	}
}

// The README has the manual's lines that other tests run, with fjord in place
// of the original (its own commands: readme_test.go).
func TestREADMEHasTheRecipes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`make demo     # two nodes form a cluster, two rooms land on two nodes; both stay up until Ctrl-C`,
		`FJ_DIST_ENABLED=true FJ_DIST_NODE_NAME=f1@localhost fjord`,
		`FJ_DIST_ENABLED=true FJ_DIST_NODE_NAME=f2@localhost FJ_DIST_NODES="f1@localhost" FJ_PORT=4002 FJ_METRICS_PORT=9468 fjord`,
		`curl -X POST -H "authorization: Bearer development" http://localhost:4002/room`,
		`docker-compose -f compose/nodes-list.yaml up --build`,
		`docker-compose -f compose/dns.yaml up --build`,
	} {
		if !strings.Contains(string(text), "\n    "+line+"\n") {
			t.Errorf("README.md lacks the line %s", line)
		}
	}
}

// All mistakes are reported together, before a port is opened.
func TestMistakesInVariables(t *testing.T) {
	place := testkit.NewPlace(t)
	f := recipe(t, place, `FJ_PORT=8081abc FJ_SERVER_API_TOKEN= FJ_DIST_ENABLED=maybe FJ_DIST_MODE=long`)
	if code := f.WaitExit(t, 2*time.Second); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, want := range []string{"FJ_PORT", "FJ_SERVER_API_TOKEN", "FJ_DIST_ENABLED", "FJ_DIST_MODE"} {
		if !strings.Contains(f.Log(), want) {
			t.Errorf("no word about %s in %q", want, f.Log())
		}
	}
	if strings.Contains(f.Log(), "Running Fjord API") {
		t.Error("a port was opened")
	}
}

// loopbackOnly checks that development mode opens nothing to other machines.
func loopbackOnly(t *testing.T, f *testkit.Fjord) {
	t.Helper()
	for _, s := range testkit.Listening(t, f.Pid) {
		if !strings.Contains(s, " 127.0.0.1:") && !strings.Contains(s, " [::1]:") {
			t.Errorf("%s listens on %s", f.Name, s)
		}
	}
}

// epmdOutlives checks what a real Fishjam's start depends on: pgrep finds a
// process named epmd, and the end of the nodes is not its end.
func epmdOutlives(t *testing.T, place testkit.Place, nodes ...*testkit.Fjord) {
	t.Helper()
	pid := ownEPMD(t, place)
	for _, n := range nodes {
		n.Stop(t)
	}
	if again := ownEPMD(t, place); again != pid {
		t.Errorf("epmd was process %s, is %s after the nodes have ended", pid, again)
	}
	if !testkit.PortOpen(place.Host, "127.0.0.1:4369") {
		t.Error("epmd ended with the nodes")
	}
}

// ownEPMD returns the process id of the epmd that runs our binary in the
// place's network.
func ownEPMD(t *testing.T, place testkit.Place) string {
	t.Helper()
	p := testkit.Start(t, testkit.Command{Path: "pgrep", Args: []string{"epmd"}})
	testkit.Within(t, 2*time.Second, "pgrep ends", p.Exited)
	for _, pid := range strings.Fields(p.Log()) {
		exe, _ := os.Readlink(filepath.Join("/proc", pid, "exe"))
		if exe == testkit.Binary(t) && (place.Host == nil || place.Host.Has(pid)) {
			return pid
		}
	}
	t.Fatalf("pgrep epmd finds none of ours: %q", p.Log())
	return ""
}

// Five nodes of which each knows only the first become a full mesh.
func TestFiveNodesEachListingTheFirst(t *testing.T) {
	c := testkit.NewCluster(t)
	nodes := []*testkit.Fjord{c.Node(t, "n1@localhost").WaitUp(t)}
	for i := 2; i <= 5; i++ {
		nodes = append(nodes, c.Node(t, fmt.Sprintf("n%d@localhost", i), "FJ_DIST_NODES", "n1@localhost"))
	}
	for _, n := range nodes {
		n.WaitUp(t)
	}
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	got := map[string]int{}
	for range 10 {
		got[nodes[4].MustPostRoom(t, "").Address]++
	}
	if len(got) != 5 {
		t.Errorf("ten rooms went to %v, want two on each of five", got)
	}
}
