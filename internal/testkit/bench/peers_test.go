//go:build bench

package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// peers are two BEAM nodes and one of ours on an EPMD of their own. Whatever is
// measured is measured from the first BEAM node, and at the Go node from there.
type peers struct {
	from, beam *testkit.BEAM
	own        *node.Node
	epmd       int         // its port
	frugal     atomic.Bool // our sink releases messages, our source sends what it shares
}

const cookie = "fishjam_cookie"

func startPeers(t *testing.T) *peers {
	t.Helper()
	port := int(mapper.Start(t).Port())
	p := &peers{own: startNode(t, "go@localhost", port), epmd: port}
	p.serve(t)
	source, err := filepath.Abs("testdata/fjbench.erl")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]**testkit.BEAM{"from": &p.from, "beam": &p.beam} {
		*b = testkit.StartBEAM(t, testkit.BEAMOptions{Name: name + "@localhost", Cookie: cookie, Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port)}})
		(*b).Expect(t, fmt.Sprintf(`{ok, M, B} = compile:file(%q, [binary]), code:load_binary(M, "", B), fjbench:start().`, source), "ok")
	}
	p.from.Expect(t, `[net_adm:ping(N) || N <- ['beam@localhost', 'go@localhost']].`, "[pong,pong]")
	return p
}

func startNode(t *testing.T, name string, epmdPort int, change ...func(*node.Options)) *node.Node {
	t.Helper()
	o := node.Options{Name: name, Cookie: cookie, EPMD: node.EPMDExternal, EPMDPort: epmdPort}
	for _, c := range change {
		c(&o)
	}
	n, err := node.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return n
}

// serve gives our node what fjbench:start gives a BEAM node.
func (p *peers) serve(t *testing.T) {
	t.Helper()
	n := p.own
	first := func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) { return args[0], nil }
	n.HandleQuick("fjbench", "echo", 1, first)
	n.Handle("fjbench", "slow", 1, first)
	var echo, sink, source *node.Process
	echo = spawn(t, n, "echo", func(m node.Message) {
		if r, ok := node.ParseGen(m.Term); ok {
			_ = echo.PostReply(r, r.Request)
		}
	})
	sink = spawn(t, n, "sink", func(m node.Message) {
		tuple, _ := m.Term.(etf.Tuple)
		switch {
		case len(tuple) != 2:
		case tuple[0] == etf.Term(etf.Atom("whois")):
			_ = sink.Post(tuple[1], etf.Tuple{etf.Atom("sink"), sink.Pid()})
		default:
			_ = sink.Post(tuple[1], etf.Atom("done"))
		}
		if p.frugal.Load() {
			m.Release()
		}
	})
	source = spawn(t, n, "source", func(m node.Message) {
		go p.flood(source, m.Term.(etf.Tuple))
	})
}

func spawn(t *testing.T, n *node.Node, name string, message func(node.Message)) *node.Process {
	t.Helper()
	p, err := n.Spawn(name, node.Callbacks{Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// flood serves {send, To, Size, N}.
func (p *peers) flood(source *node.Process, order etf.Tuple) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	data := []byte(strings.Repeat("x", int(order[2].(int64))))
	var msg etf.Term = data
	if p.frugal.Load() {
		msg = etf.Shared(data)
	}
	for range order[3].(int64) {
		if source.Send(ctx, order[1], msg) != nil {
			return
		}
	}
}

// ask evaluates an expression on the first BEAM node and returns the integers
// of its value.
func (p *peers) ask(t *testing.T, expr string, args ...any) []float64 {
	t.Helper()
	value, err := p.from.Try(3*time.Minute, fmt.Sprintf(expr, args...))
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	for _, f := range strings.Split(strings.Trim(value, "{}"), ",") {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			t.Fatalf("%s: %s", expr, value)
		}
		out = append(out, n)
	}
	return out
}
