//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// demo is what a user of make demo has after "make build".
func demo(t *testing.T, place testkit.Place) *testkit.Process {
	t.Helper()
	return testkit.Start(t, testkit.Command{
		Name: "make demo", Path: filepath.Join(testkit.Root(t), "scripts", "demo.sh"), Host: place.Host,
		Env: []string{"FJORD_BIN=" + testkit.Binary(t)},
	})
}

func TestDemo(t *testing.T) {
	place := testkit.NewPlace(t)
	p := demo(t, place)
	p.WaitLog(t, 10*time.Second, `Both nodes stay up until Ctrl-C`)
	p.WaitLog(t, time.Second, `f2 \| .*\[info\] \[libcluster:epmd_cluster\] connected to :f1@localhost\n`)
	p.WaitLog(t, time.Second, `f1 \| .*accepted connection from :f2@localhost\n`)
	if lines := p.Matches(`.*\[(warning|error)\].*`); len(lines) != 0 {
		t.Errorf("a newcomer sees warnings: %q", lines)
	}
	for _, address := range []string{"localhost:4001", "localhost:4002"} {
		if n := strings.Count(p.Log(), `"fishjam_address":"`+address+`"`); n != 1 {
			t.Errorf("%d rooms at %s, want 1", n, address)
		}
	}
	testkit.During(t, 2*time.Second, "both nodes answer", func() bool {
		return testkit.PortOpen(place.Host, "127.0.0.1:4001") && testkit.PortOpen(place.Host, "127.0.0.1:4002")
	})
	p.Signal(t, os.Interrupt)
	if code := p.WaitExit(t, 5*time.Second); code != 0 {
		t.Errorf("exit code %d after Ctrl-C", code)
	}
	for _, port := range []string{"4001", "4002", "9568", "9468"} {
		if testkit.PortOpen(place.Host, "127.0.0.1:"+port) {
			t.Errorf("port %s is still open after Ctrl-C", port)
		}
	}
}

func TestDemoSaysWhichPortIsInUse(t *testing.T) {
	place := testkit.NewPlace(t)
	first := demo(t, place)
	first.WaitLog(t, 10*time.Second, `Both nodes stay up`)
	second := demo(t, place)
	if code := second.WaitExit(t, 5*time.Second); code == 0 {
		t.Error("a second demo claims to have worked")
	}
	second.WaitLog(t, time.Second, `something already listens on port 4001 \(the demo's FJ_PORT of f1\)`)
	if first.Exited() {
		t.Error("the first demo ended")
	}
}
