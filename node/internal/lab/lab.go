// Package lab has nodes on loopback for the tests of what is built on package
// node.
package lab

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/node"
)

// Cookie is that of all nodes of a lab.
const Cookie = "monster"

// Slack is how many times its limit a condition may take on a busy machine.
const Slack = 3

// Lab is an EPMD of its own, for nodes of one test.
type Lab struct{ EPMDPort int }

// New starts a lab that ends with the test.
func New(t testing.TB) *Lab {
	t.Helper()
	s := epmd.NewServer(epmd.ServerOptions{})
	if err := s.Listen(t.Context(), "127.0.0.1", 0); err != nil {
		t.Fatal(err)
	}
	g := run.NewGroup(context.Background(), "lab", nil)
	g.Go("epmd", s.Serve)
	t.Cleanup(func() {
		_ = s.Close() // its end is waited for below
		Stop(t, "epmd", g.StopAndWait)
	})
	return &Lab{EPMDPort: int(s.Port())}
}

// Start starts a node that is stopped at the end of the test.
func (l *Lab) Start(t testing.TB, name string, change ...func(*node.Options)) *node.Node {
	t.Helper()
	o := node.Options{Name: name, Cookie: Cookie, EPMD: node.EPMDExternal, EPMDPort: l.EPMDPort}
	for _, c := range change {
		c(&o)
	}
	n, err := node.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Stop(t, name, n.Stop) })
	return n
}

// Env makes a BEAM node use the lab's EPMD.
func (l *Lab) Env() []string { return []string{fmt.Sprintf("ERL_EPMD_PORT=%d", l.EPMDPort)} }

// Stop stops something within a time.
func Stop(t testing.TB, what string, stop func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Slack*5*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Errorf("stop %s: %v", what, err)
	}
}

// Connect connects a node to others.
func Connect(t testing.TB, n *node.Node, others ...*node.Node) {
	t.Helper()
	for _, o := range others {
		if _, err := n.Connect(t.Context(), o.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

// Within polls cond until it holds.
func Within(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	begin := time.Now()
	for !cond() {
		if time.Since(begin) > Slack*limit {
			t.Fatalf("%s: not within %s", what, Slack*limit)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
