//go:build e2e

package mixed

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// The tests of this file make machines of network namespaces, each with its own
// port mapper, and need root.

// dnsName is what the labs' name server resolves to all nodes.
const dnsName = "app.internal"

// hosts adds so many machines that ask the name server ns (nil: none).
func hosts(lab *testkit.Lab, ns *testkit.Host, pattern string, count int) (all []*testkit.Host) {
	for i := range count {
		h := lab.AddHost(fmt.Sprintf(pattern, i+1))
		if ns != nil {
			h.SetResolver(ns.Addr())
		}
		all = append(all, h)
	}
	return all
}

// on starts a Fjord node called base@address on a machine.
func on(t *testing.T, h *testkit.Host, base string, more map[string]string) *testkit.Fjord {
	t.Helper()
	any := "0.0.0.0"
	if h.Addresses[0].Is6() {
		any = "::"
	}
	env := map[string]string{
		"FJ_IP": any, "FJ_HOST": net.JoinHostPort(h.Addr(), "8080"), "FJ_DIST_ENABLED": "true", "FJ_DIST_MODE": "name",
		"FJ_DIST_NODE_NAME": base + "@" + h.Addr(), "FJ_DIST_EPMD": "embedded",
	}
	maps.Copy(env, more)
	return testkit.StartFjord(t, testkit.FjordOptions{Name: base + "@" + h.Addr(), Host: h, IP: h.Addr(), Env: env})
}

// byDNS are the variables of a node that finds others by DNS.
func byDNS(interval string) map[string]string {
	return map[string]string{"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_QUERY": dnsName, "FJ_DIST_POLLING_INTERVAL": interval}
}

// doubleOn is a double called base@address on a machine with its own EPMD.
func doubleOn(t *testing.T, h *testkit.Host, base string, args []string, nodes ...string) elixir.Options {
	t.Helper()
	epmdOn(t, h)
	o := elixir.Options{IP: h.Addr(), Address: net.JoinHostPort(h.Addr(), "8080"), Nodes: nodes}
	o.BEAMOptions = testkit.BEAMOptions{OTP: doubleOTP(t), Host: h, Name: base + "@" + h.Addr(), Long: true, Args: args}
	return o
}

func epmdOn(t *testing.T, h *testkit.Host) *testkit.Process {
	t.Helper()
	p := testkit.Start(t, testkit.Command{Name: "epmd " + h.Addr(), Path: testkit.Binary(t), Args: []string{"epmd"}, Host: h})
	testkit.Within(t, 5*time.Second, "epmd of "+h.Addr(), func() bool { return testkit.PortOpen(h, net.JoinHostPort(h.Addr(), "4369")) })
	return p
}

// startDNS starts dns_cluster's way of discovery on a double.
func startDNS(t *testing.T, d *elixir.Double, types, server string) {
	t.Helper()
	d.Expect(t, fmt.Sprintf(`{ok, Server} = inet:parse_address("%s"), 'Elixir.Double.DNS':start(<<"%s">>, %s, 1000, Server).`, server, dnsName, types), "ok")
}

// Scenarios 2 and 3: Fjord nodes and nodes that discover as dns_cluster does, over
// IPv4 and where there is nothing but IPv6: who comes later is found within one
// poll by the nodes that poll, from either side; who dies is gone at once.
func TestFoundByDNS(t *testing.T) {
	t.Parallel()
	for family, c := range map[string]struct {
		pattern, types string
		args           []string
	}{
		"IPv4": {"10.77.0.%d/24", "[a, aaaa]", nil},
		"IPv6": {"fdaa:77::%d/64", "[aaaa]", []string{"-proto_dist", "inet6_tcp"}},
	} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			lab := testkit.NewLab(t)
			ns := lab.AddHost(fmt.Sprintf(c.pattern, 53))
			dns := testkit.StartDNS(t, ns)
			all := hosts(lab, ns, c.pattern, 4)
			address := func(i int) string { return all[i].Addr() }
			dns.Set(t, dnsName, address(0))
			// Fjord finds the double: that one does not poll yet. (Nodes of the original
			// are announced when they are complete: their node is up before their rooms.)
			f := on(t, all[0], "app", byDNS("1000")).WaitUp(t)
			d := elixir.Start(t, doubleOn(t, all[1], "app", c.args))
			dns.Set(t, dnsName, address(0), address(1))
			testkit.WaitMesh(t, 2*time.Second, f, d.REST)
			members(t, 3*time.Second, 2, f)
			// The double finds a Fjord node that does not poll.
			startDNS(t, d, c.types, ns.Addr())
			dns.Set(t, dnsName, address(0), address(1), address(2))
			quiet := on(t, all[2], "app", nil).WaitUp(t)
			testkit.WaitMesh(t, 2*time.Second, f, d.REST, quiet)
			// A third container comes later.
			second := elixir.Start(t, doubleOn(t, all[3], "app", c.args))
			dns.Set(t, dnsName, address(0), address(1), address(2), address(3))
			testkit.WaitMesh(t, 2*time.Second, f, d.REST, quiet, second.REST)
			members(t, 3*time.Second, 4, f, quiet)
			if got := spread(t, f, 4); len(got) != 4 {
				t.Errorf("rooms: %v", got)
			}
			if got := spread(t, d.REST, 4); len(got) != 4 {
				t.Errorf("rooms from the double: %v", got)
			}
			second.Kill(t)
			testkit.WaitMesh(t, time.Second, f, d.REST, quiet)
			d.Clean(t)
		})
	}
}

// Scenarios 4 and 5: a name server that tells of three random ones of eight
// nodes, each time others, and then is away: the mesh forms and no link goes.
func TestPartialDNSAnswers(t *testing.T) {
	t.Parallel()
	lab := testkit.NewLab(t)
	ns := lab.AddHost("10.77.0.53/24")
	dns := testkit.StartDNS(t, ns)
	all := hosts(lab, ns, "10.77.0.%d/24", 8)
	var addresses []string
	for _, h := range all {
		addresses = append(addresses, h.Addr())
	}
	shuffle := func() {
		rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
		dns.Set(t, dnsName, addresses[:3]...)
	}
	shuffle()
	var nodes []*testkit.Fjord
	for _, h := range all[:7] {
		nodes = append(nodes, on(t, h, "app", byDNS("250")))
	}
	d := elixir.Start(t, doubleOn(t, all[7], "app", nil))
	startDNS(t, d, "[a]", ns.Addr())
	nodes = append(nodes, d.REST)
	testkit.Within(t, 10*time.Second, "mesh of 8", func() bool {
		shuffle()
		return !slices.ContainsFunc(nodes, func(f *testkit.Fjord) bool { return f.NodesInCluster() != len(nodes) })
	})
	d.Expect(t, flapRecorder, "true")
	answered, outage := 8*time.Second, 6*time.Second
	if testkit.Soak() {
		answered, outage = 5*time.Minute, time.Minute
	}
	for end := time.Now().Add(answered); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		shuffle()
	}
	dns.Kill(t)
	time.Sleep(outage)
	for _, f := range nodes {
		if n := f.NodesInCluster(); n != len(nodes) {
			t.Errorf("%s has %d nodes in the end", f.Name, n)
		}
		if lines := f.Matches(`.*disconnected from.*`); len(lines) != 0 {
			t.Errorf("%s: %q", f.Name, lines)
		}
	}
	flaps(t, "[]", d)
}

// Scenario 6: packets between {1,2} and {3,4} are lost, with nodes of either kind
// on both sides: each side notices and goes on; all are one again 35 seconds after
// the network is back, at the latest.
// The nodes of the original are of one release, and of two that can be together.
func TestNetSplit(t *testing.T) {
	t.Parallel()
	eachOTP(t, func(t *testing.T) { netSplit(t, doubleOTP(t), doubleOTP(t)) })
	for _, pair := range together(t) {
		t.Run("otp"+pair[0].Release+"+"+pair[1].Release, func(t *testing.T) {
			t.Parallel()
			netSplit(t, pair[0], pair[1])
		})
	}
}

func netSplit(t *testing.T, one, other testkit.OTP) {
	lab := testkit.NewLab(t)
	all := hosts(lab, nil, "10.77.0.%d/24", 4)
	list := "app@10.77.0.1 app@10.77.0.2 app@10.77.0.3 app@10.77.0.4"
	env := map[string]string{"FJ_DIST_NODES": list, "FJ_DIST_NET_TICKTIME": "4"}
	tick := []string{"-kernel", "net_ticktime", "4"}
	left, right := doubleOn(t, all[1], "app", tick), doubleOn(t, all[3], "app", tick)
	left.OTP, right.OTP = one, other
	ds := elixir.StartAll(t, left, right)
	f1, f3 := on(t, all[0], "app", env).WaitUp(t), on(t, all[2], "app", env).WaitUp(t)
	nodes := []*testkit.Fjord{f1, f3, ds[0].REST, ds[1].REST}
	testkit.WaitMesh(t, 5*time.Second, nodes...)
	members(t, 3*time.Second, 4, f1, f3)
	ids := map[string]string{}
	for range 4 {
		r := f1.MustPostRoom(t, "")
		ids[r.Address] = r.ID
	}
	for _, a := range all[:2] {
		for _, b := range all[2:] {
			a.Cut(b)
		}
	}
	l := startLoad(t, 2, 50*time.Millisecond, f1, f3)
	testkit.Within(t, 6*time.Second, "both sides notice", func() bool {
		return !slices.ContainsFunc(nodes, func(f *testkit.Fjord) bool { return f.NodesInCluster() != 2 })
	})
	cut := 4 * time.Second
	if testkit.Soak() {
		cut = 90 * time.Second
	}
	time.Sleep(cut)
	l.check(t)
	mended := time.Now()
	all[0].Mend()
	all[1].Mend()
	testkit.WaitMesh(t, 35*time.Second, nodes...)
	t.Logf("healed %s after the network was", time.Since(mended).Round(time.Millisecond))
	for _, d := range ds {
		testkit.Within(t, 10*time.Second, "global:sync on "+d.Node, func() bool {
			got, err := d.Try(5*time.Second, "global:sync().")
			return err == nil && got == "ok"
		})
	}
	members(t, 15*time.Second, 4, f1, f3)
	for address, id := range ids {
		f := nodes[slices.IndexFunc(nodes, func(f *testkit.Fjord) bool { return "http://"+address == f.API })]
		if !has(f, id) {
			t.Errorf("the room at %s is gone", address)
		}
	}
	for _, d := range ds {
		d.Clean(t)
	}
}

// A link on which packets are dropped makes no creation slow, and is gone after
// net_ticktime.
func TestHalfOpenLink(t *testing.T) {
	t.Parallel()
	lab := testkit.NewLab(t)
	all := hosts(lab, nil, "10.77.0.%d/24", 3)
	env := map[string]string{"FJ_DIST_NODES": "app@10.77.0.1 app@10.77.0.2 app@10.77.0.3", "FJ_DIST_NET_TICKTIME": "8"}
	d := elixir.Start(t, doubleOn(t, all[2], "app", []string{"-kernel", "net_ticktime", "8"}))
	f1, f2 := on(t, all[0], "app", env).WaitUp(t), on(t, all[1], "app", env).WaitUp(t)
	testkit.WaitMesh(t, 5*time.Second, f1, f2, d.REST)
	members(t, 3*time.Second, 3, f1, f2)
	all[0].Cut(all[1])
	all[0].Cut(all[2])
	l := startLoad(t, 4, 20*time.Millisecond, f1)
	testkit.Within(t, 10*time.Second, "the links are gone after net_ticktime", func() bool { return f1.NodesInCluster() == 1 })
	f1.WaitLog(t, time.Second, `disconnected from :"app@10.77.0.2": ticked_out`)
	l.check(t)
	all[0].Mend()
	testkit.WaitMesh(t, 35*time.Second, f1, f2, d.REST)
}

// Scenario 7: the port mapper of a machine is restarted: the Fjord node is
// registered again within five seconds, and a new node of the original joins it.
func TestEPMDRestart(t *testing.T) {
	t.Parallel()
	lab := testkit.NewLab(t)
	all := hosts(lab, nil, "10.77.0.%d/24", 2)
	mapper := epmdOn(t, all[0])
	f := on(t, all[0], "app", map[string]string{"FJ_DIST_EPMD": "external"}).WaitUp(t)
	d := elixir.Start(t, doubleOn(t, all[1], "app", nil, "app@10.77.0.1"))
	testkit.WaitMesh(t, 3*time.Second, f, d.REST)
	mapper.Kill(t)
	answers(t, f)
	d.Kill(t)
	epmdOn(t, all[0])
	testkit.Within(t, 5*time.Second, "the node is registered again", func() bool {
		out, err := all[1].Try(testkit.Binary(t), "names", all[0].Addr())
		return err == nil && strings.Contains(out, "name app at port")
	})
	o := doubleOn(t, all[1], "app", nil, "app@10.77.0.1")
	d = elixir.Start(t, o)
	testkit.WaitMesh(t, 3*time.Second, f, d.REST)
	members(t, 3*time.Second, 2, f)
}
