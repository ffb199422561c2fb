//go:build bench

package bench

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// TestBenchThroughTheOriginal places rooms of a Fjord node on a double of the
// original and the reverse.
func TestBenchThroughTheOriginal(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_LOG_LEVEL"] = "warning"
	f := c.Node(t, "f@localhost", "FJ_HOST", "f").WaitUp(t)
	o := elixir.Options{Address: "d", Nodes: []string{"f@localhost"}}
	o.BEAMOptions = testkit.BEAMOptions{Name: "d@localhost", Env: c.EPMDEnv()}
	d := elixir.Start(t, o)
	testkit.WaitMesh(t, 3*time.Second, f, d.REST)
	latencies(t, f, 200)
	all := latencies(t, f, samples)["d"]
	row("POST /room, room on an Elixir node, p50", millis(quantile(all, 0.5)), "(the double keeps a table of rooms and does nothing else)")
	row("POST /room, room on an Elixir node, p99", millis(quantile(all, 0.99)), "")
}

// TestBenchMulticall asks 10 and 30 nodes at once, each a node of its own in this
// process: from Go, and from erl beside it.
func TestBenchMulticall(t *testing.T) {
	const module, function = "Elixir.Fishjam.RoomService", "get_resource_usage"
	port := int(mapper.Start(t).Port())
	asker := startNode(t, "asker@localhost", port)
	erl := testkit.StartBEAM(t, testkit.BEAMOptions{Name: "erl@localhost", Cookie: cookie, Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port)}})
	var names []string
	for i := range 30 {
		n := startNode(t, fmt.Sprintf("m%d@localhost", i), port)
		n.Handle(module, function, 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
			return etf.Map{{Key: etf.Atom("rooms_number"), Value: int64(1)}, {Key: etf.Atom("forwarded_tracks_number"), Value: int64(0)}}, nil
		})
		if _, err := asker.Connect(t.Context(), n.Name()); err != nil {
			t.Fatal(err)
		}
		erl.Expect(t, fmt.Sprintf("net_adm:ping('%s').", n.Name()), "pong")
		names = append(names, n.Name())
	}
	for _, size := range []int{10, 30} {
		var all []time.Duration
		for range samples {
			begin := time.Now()
			for _, r := range asker.Multicall(t.Context(), names[:size], module, function) {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
			}
			all = append(all, time.Since(begin))
		}
		value, err := erl.Try(2*time.Minute, fmt.Sprintf(`All = lists:sort([element(1, timer:tc(erpc, multicall, [['%s'], '%s', %s, []])) || _ <- lists:seq(1, 2000)]),
			{lists:nth(1000, All), lists:nth(1980, All)}.`, strings.Join(names[:size], "','"), module, function))
		if err != nil {
			t.Fatal(err)
		}
		row(fmt.Sprintf("multicall of %d nodes, p50 / p99", size), millis(quantile(all, 0.5))+" / "+millis(quantile(all, 0.99)),
			"all in this process; erl → the same nodes: "+strings.Trim(value, "{}")+" µs")
	}
}

// TestBenchMeshFromCold starts 33 nodes that list the first three.
func TestBenchMeshFromCold(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_LOG_LEVEL"], c.Env["FJ_WEBRTC_USED"] = "warning", "false"
	const size = 33
	var nodes []*testkit.Fjord
	testkit.Binary(t) // built before the clock runs
	begin := time.Now()
	for i := range size {
		nodes = append(nodes, c.Node(t, fmt.Sprintf("n%d@localhost", i), "FJ_DIST_NODES", "n0@localhost n1@localhost n2@localhost"))
	}
	for _, n := range nodes {
		for n.NodesInCluster() != size {
			if time.Since(begin) > time.Minute {
				t.Fatalf("%s sees %d nodes", n.Name, n.NodesInCluster())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	took := time.Since(begin)
	var cpu time.Duration
	for _, n := range nodes {
		cpu += cpuOf(t, n.Pid)
	}
	row("33 nodes from cold to a full mesh", fmt.Sprintf("%.2f s", took.Seconds()),
		fmt.Sprintf("≤ 3 s; 33 processes start and make 528 links: %.2f s of CPU", cpu.Seconds()))
}

// cpuOf is the processor time of a process so far: the first number of each
// thread's schedstat, in nanoseconds (proc(5)).
func cpuOf(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	for _, text := range testkit.OfThreads(pid, "schedstat") {
		var ns int64
		if _, err := fmt.Sscan(text, &ns); err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

// TestBenchKill kills a node and asks another until it is gone.
func TestBenchKill(t *testing.T) {
	c := testkit.NewCluster(t)
	a := c.Node(t, "a@localhost").WaitUp(t)
	var all []time.Duration
	for range 10 {
		b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
		testkit.WaitMesh(t, 3*time.Second, a, b)
		begin := time.Now()
		if err := killAtOnce(b.Pid); err != nil {
			t.Fatal(err)
		}
		for a.NodesInCluster() != 1 {
			time.Sleep(time.Millisecond)
		}
		all = append(all, time.Since(begin))
		b.WaitExit(t, 3*time.Second)
	}
	row("kill -9 to removal, p50 of 10", millis(quantile(all, 0.5)), "≤ 100 ms (original: < 100 ms)")
	row("kill -9 to removal, slowest of 10", millis(quantile(all, 1)), "")
}

func killAtOnce(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

// TestBenchNetCut cuts the network between two nodes until both have noticed, and
// mends it. It needs root.
func TestBenchNetCut(t *testing.T) {
	if os.Geteuid() != 0 {
		row("network back to links up", "not run", "makes network namespaces; needs root")
		return
	}
	lab := testkit.NewLab(t)
	hosts := []*testkit.Host{lab.AddHost("10.77.0.1/24"), lab.AddHost("10.77.0.2/24"), lab.AddHost("10.77.0.3/24")}
	env := map[string]string{
		"FJ_IP": "0.0.0.0", "FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name", "FJ_DIST_EPMD": "embedded",
		"FJ_DIST_NODES": "f@10.77.0.1 f@10.77.0.2 f@10.77.0.3", "FJ_DIST_NET_TICKTIME": "4",
	}
	var nodes []*testkit.Fjord
	for _, h := range hosts {
		own := maps.Clone(env)
		own["FJ_DIST_NODE_NAME"], own["FJ_HOST"] = "f@"+h.Addr(), net.JoinHostPort(h.Addr(), "8080")
		nodes = append(nodes, testkit.StartFjord(t, testkit.FjordOptions{Name: own["FJ_DIST_NODE_NAME"], Host: h, IP: h.Addr(), Env: own}))
	}
	testkit.WaitMesh(t, 5*time.Second, nodes...)
	begin := time.Now()
	hosts[2].Cut(hosts[0])
	hosts[2].Cut(hosts[1])
	testkit.Within(t, 6*time.Second, "the cut is noticed", func() bool { return nodes[0].NodesInCluster() == 2 && nodes[2].NodesInCluster() == 1 })
	row("network cut to links down, net_ticktime 4 s", fmt.Sprintf("%.2f s", time.Since(begin).Seconds()), "4–5 s (original at its 60 s: 69.6 s)")
	time.Sleep(10 * time.Second)
	begin = time.Now()
	hosts[2].Mend()
	testkit.WaitMesh(t, 35*time.Second, nodes...)
	row("network back after 15 s to full mesh", fmt.Sprintf("%.2f s", time.Since(begin).Seconds()), "≤ 35 s (original with NODES_LIST: never)")
}
