package elixir

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// Dialect is a generation of the original.
type Dialect string

// The generations that the double plays.
const (
	Fishjam   Dialect = "fishjam"   // 0.6.3
	Main      Dialect = "main"      // Fishjam's unreleased main branch
	Jellyfish Dialect = "jellyfish" // 0.5
	Other     Dialect = "none"      // a BEAM node that takes part in PubSub and is no media server
)

// Options says how Start starts a double.
type Options struct {
	testkit.BEAMOptions
	Dialect Dialect       // default: Fishjam
	Address string        // what it announces its rooms at; default: the node name
	Nodes   []string      // connected once at the start
	Routing bool          // room ids name their owner (main)
	IP      string        // of its REST interface; default 127.0.0.1
	Port    int           // of its REST interface; default: a free one
	Sleep   time.Duration // how long each creation takes
}

// Double is a running double.
type Double struct {
	*testkit.BEAM
	// REST is as much of its REST interface as tests use: /health, POST /room,
	// GET /room, GET and DELETE /room/ID.
	REST    *testkit.Fjord
	Address string
}

// Start starts a double and waits until it answers.
func Start(t testing.TB, o Options) *Double {
	t.Helper()
	testkit.NeedTools(t, "elixir")
	p, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	o.fill()
	// As the original does, it becomes a node when its code is there: who dials it
	// before that would find no media server.
	nameless := o.BEAMOptions
	nameless.Name = ""
	d := &Double{BEAM: testkit.StartBEAM(t, nameless), Address: o.Address}
	d.Node, d.Process.Name = o.Name, "erl "+o.Name
	d.load(t, p, o.Dialect)
	port := d.Eval(t, o.start())
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatalf("start the double %s: %s", d.Node, port)
	}
	d.REST = testkit.ReachFrom(o.Host, "http://"+net.JoinHostPort(o.IP, port), d.Process)
	return d
}

// StartAll starts several doubles at once, in the order of their options.
func StartAll(t testing.TB, all ...Options) []*Double {
	t.Helper()
	doubles := make([]*Double, len(all))
	var wait sync.WaitGroup
	for i, o := range all {
		wait.Go(func() { doubles[i] = Start(t, o) })
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow() // in a goroutine it ends only that
	}
	return doubles
}

func (o *Options) fill() {
	if o.Dialect == "" {
		o.Dialect = Fishjam
	}
	if o.Address == "" {
		o.Address = o.Name
	}
	if o.IP == "" {
		o.IP = "127.0.0.1"
	}
	if o.Port == 0 && o.Host != nil {
		o.Port = 8080
	}
}

// start is the expression that starts the program.
func (o *Options) start() string {
	var nodes []string
	for _, n := range o.Nodes {
		nodes = append(nodes, "'"+n+"'")
	}
	names := "shortnames"
	if o.Long {
		names = "longnames"
	}
	return fmt.Sprintf(`'Elixir.Double':start(#{name => '%s', names => %s, dialect => %s, address => <<"%s">>, nodes => [%s], routing => %v, sleep => %d, http => {%s, %d}}).`,
		o.Name, names, o.Dialect, o.Address, strings.Join(nodes, ","), o.Routing, o.Sleep.Milliseconds(), addressTerm(o.IP), o.Port)
}

// addressTerm is an IP address as Erlang writes it.
func addressTerm(ip string) string {
	a := netip.MustParseAddr(ip)
	var parts []string
	if a.Is4() {
		for _, b := range a.As4() {
			parts = append(parts, fmt.Sprint(b))
		}
	} else {
		b := a.As16()
		for i := 0; i < len(b); i += 2 {
			parts = append(parts, fmt.Sprint(int(b[i])<<8|int(b[i+1])))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// load loads the modules of a generation.
func (d *Double) load(t testing.TB, p *program, dialect Dialect) {
	t.Helper()
	code, expr := p.beams, `code:load_binary('%[1]s', "double", base64:decode(<<"%[2]s">>)).`
	if d.Eval(t, fmt.Sprintf(`list_to_integer(erlang:system_info(otp_release)) < %d.`, p.release)) == "true" {
		code = p.forms
		expr = `{ok, M, B} = compile:forms(binary_to_term(base64:decode(<<"%[2]s">>))), code:load_binary(M, "double", B).`
	}
	for _, module := range p.modules(dialect) {
		d.Expect(t, fmt.Sprintf(expr, module, code[module]), "{module,'"+module+"'}")
	}
}
