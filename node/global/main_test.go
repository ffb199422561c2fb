package global

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"go.uber.org/goleak"
)

// childMain runs the program as a node of its own for an interoperability test.
var childMain func(name string)

func TestMain(m *testing.M) {
	if name := os.Getenv("FJORD_GLOBAL_CHILD"); name != "" && childMain != nil {
		childMain(name)
	}
	goleak.VerifyTestMain(m)
}

// member is a node with a global name server.
type testNode struct {
	*node.Node
	global *Server
}

func startNode(t testing.TB, l *lab.Lab, name string, change ...func(*node.Options)) *testNode {
	t.Helper()
	n := l.Start(t, name, change...)
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("FJORD_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("me", name)
	}
	g, err := Start(n, Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lab.Stop(t, "global of "+name, g.Stop) })
	return &testNode{Node: n, global: g}
}

func connect(t testing.TB, from *testNode, to string) {
	t.Helper()
	if _, err := from.Connect(t.Context(), to); err != nil {
		t.Fatal(err)
	}
}

// synced waits until a node is in sync with exactly the others.
func (n *testNode) sync(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Slack*5*time.Second)
	defer cancel()
	begin := time.Now()
	if err := n.global.Sync(ctx); err != nil {
		t.Fatalf("%s: %v; known %v synced %v", n.Name(), err, n.global.Known(), n.global.Synced())
	}
	t.Logf("%s: in sync after %s", n.Name(), time.Since(begin).Round(time.Millisecond))
}

func process(t testing.TB, n *testNode) *node.Mailbox {
	t.Helper()
	m, err := n.Mailbox("", 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func atom(s string) etf.Atom { return etf.Atom(s) }
