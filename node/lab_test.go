package node

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node/etf"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const testCookie = "monster"

// slack is how many times its limit a condition may take on a busy machine.
const slack = 3

// lab is an EPMD of its own on loopback, for nodes of one test.
type lab struct {
	epmdPort int
	server   *epmd.Server
}

func newLab(t testing.TB) *lab {
	t.Helper()
	s := mapper.Start(t)
	return &lab{epmdPort: int(s.Port()), server: s}
}

func (l *lab) options(name string) Options {
	return Options{Name: name, Cookie: testCookie, EPMD: EPMDExternal, EPMDPort: l.epmdPort}
}

// start starts a node that is stopped at the end of the test.
func (l *lab) start(t testing.TB, name string, change ...func(*Options)) *Node {
	t.Helper()
	n, err := l.try(t, name, change...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (l *lab) try(t testing.TB, name string, change ...func(*Options)) (*Node, error) {
	t.Helper()
	o := l.options(name)
	for _, c := range change {
		c(&o)
	}
	n, err := Start(t.Context(), o)
	if err == nil {
		t.Cleanup(func() { stop(t, n) })
	}
	return n, err
}

func stop(t testing.TB, n *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), slack*5*time.Second)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// within polls cond until it holds.
func within(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	begin := time.Now()
	for !cond() {
		if time.Since(begin) > slack*limit {
			t.Fatalf("%s: not within %s", what, slack*limit)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func mustConnect(t testing.TB, n *Node, name string) {
	t.Helper()
	if _, err := n.Connect(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// recorder collects the events of a node.
type recorder struct {
	mu     sync.Mutex
	events []NodeEvent
}

func record(n *Node) *recorder {
	r := &recorder{}
	n.Subscribe(func(e NodeEvent) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	})
	return r
}

func (r *recorder) all() []NodeEvent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]NodeEvent(nil), r.events...)
}

// down is the last Down event of a node.
func (r *recorder) down(name string) (NodeEvent, bool) {
	var found NodeEvent
	ok := false
	for _, e := range r.all() {
		if e.Node == name && !e.Up {
			found, ok = e, true
		}
	}
	return found, ok
}

// receive takes the next signal of a mailbox as a T.
func receive[T any](t testing.TB, m *Mailbox) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slack*2*time.Second)
	defer cancel()
	got, err := m.Receive(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	v, ok := got.(T)
	if !ok {
		t.Fatalf("received %#v, want a %T", got, v)
	}
	return v
}

func mailbox(t testing.TB, n *Node, name string) *Mailbox {
	t.Helper()
	m, err := n.Mailbox(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deafPort is a port that accepts connections and never speaks.
func deafPort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func tuple(t ...etf.Term) etf.Tuple { return etf.Tuple(t) }

func atom(s string) etf.Atom { return etf.Atom(s) }
