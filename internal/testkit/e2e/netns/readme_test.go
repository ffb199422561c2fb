//go:build e2e

package netns

import (
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// line starts a README's command on a machine and waits for its API.
func line(t *testing.T, h *testkit.Host, command, api string) *testkit.Process {
	t.Helper()
	p := testkit.Shell(t, h, command)
	testkit.Within(t, 10*time.Second, command+" is up", func() bool {
		if p.Exited() {
			t.Fatalf("%s ended: %s", command, p.Log())
		}
		return testkit.PortOpen(h, api)
	})
	return p
}

// The README's command for several machines, on two of them, and its way to
// test the ports.
func TestREADMESeveralMachines(t *testing.T) {
	lab := testkit.NewLab(t)
	one, two := lab.AddHost("192.0.2.1/24"), lab.AddHost("192.0.2.2/24")
	lines := testkit.README(t, "NODES_LIST: nodes known by name")
	command := lines[len(lines)-1]
	f1 := line(t, one, command, "192.0.2.1:8080")
	other := strings.NewReplacer("FJ_HOST=192.0.2.1", "FJ_HOST=192.0.2.2", "NODE_NAME=f1@192.0.2.1", "NODE_NAME=f2@192.0.2.2").Replace(command)
	f2 := line(t, two, other, "192.0.2.2:8080")
	testkit.Within(t, 5*time.Second, "one of them says that it is connected", func() bool {
		return len(f1.Matches(`connected to :"f2@192\.0\.2\.2"\n`))+len(f2.Matches(`connected to :"f1@192\.0\.2\.1"\n`)) == 1
	})

	lines = testkit.README(t, "Ports")
	if len(lines) != 4 {
		t.Fatalf("README.md, Ports: %q", lines)
	}
	for i, want := range []string{"succeeded", "name f2 at port 9000", "succeeded", "pong"} {
		command := lines[i]
		if strings.HasPrefix(command, "fjord ping") { // "with the variables of your node"
			command = "FJ_SERVER_API_TOKEN=secret FJ_DIST_ENABLED=true FJ_DIST_MODE=name FJ_DIST_COOKIE=long-and-random " + command
		}
		p := testkit.Shell(t, one, command)
		if code := p.WaitExit(t, 5*time.Second); code != 0 || !strings.Contains(p.Log(), want) {
			t.Errorf("%s: exit code %d: %s", command, code, p.Log())
		}
	}
}

// The README's command for DNS, on two machines.
func TestREADMEDNS(t *testing.T) {
	lab := testkit.NewLab(t)
	ns := lab.AddHost("192.0.2.53/24")
	one, two := lab.AddHost("192.0.2.1/24"), lab.AddHost("192.0.2.2/24")
	dns := testkit.StartDNS(t, ns)
	dns.Set(t, "app.internal", one.Addr(), two.Addr())
	command := testkit.README(t, "DNS: nodes known by a name that resolves to all of them")[0]
	var both []*testkit.Process
	for _, h := range []*testkit.Host{one, two} {
		h.SetResolver(ns.Addr())
		both = append(both, line(t, h, command, h.Addr()+":8080"))
	}
	testkit.Within(t, 2*poll, "one of them says that it is connected", func() bool {
		return len(both[0].Matches(`\[libcluster:cluster\] connected to :"fishjam@192\.0\.2\.2"\n`))+
			len(both[1].Matches(`\[libcluster:cluster\] connected to :"fishjam@192\.0\.2\.1"\n`)) == 1
	})
}
