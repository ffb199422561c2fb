//go:build interop

package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
)

// kind is short or long names.
type kind struct {
	long bool
	host string
}

func (k kind) name(alive string) string { return alive + "@" + k.host }

func (k kind) set(o *Options) { o.LongNames = k.long }

// eachBEAM runs a test against each installed OTP, with short and long names,
// each time with one node of ours called go and one real one called beam.
func eachBEAM(t *testing.T, args []string, f func(t *testing.T, w *world)) {
	for _, otp := range testkit.OTPs(t) {
		for label, k := range map[string]kind{"short": {host: "localhost"}, "long": {long: true, host: "127.0.0.1"}} {
			t.Run("otp"+otp.Release+"/"+label, func(t *testing.T) { f(t, newWorld(t, otp, k, args...)) })
		}
	}
}

// world is a cluster of a node of ours and a real one, with an EPMD of ours.
type world struct {
	*lab
	otp  testkit.OTP
	kind kind
	n    *Node
	b    *testkit.BEAM
}

func newWorld(t *testing.T, otp testkit.OTP, k kind, args ...string) *world {
	l := newLab(t)
	w := &world{lab: l, otp: otp, kind: k}
	w.n = l.start(t, k.name("go"), k.set)
	w.b = w.beam(t, "beam", args...)
	return w
}

// beam starts another real node.
func (w *world) beam(t *testing.T, alive string, args ...string) *testkit.BEAM {
	t.Helper()
	return testkit.StartBEAM(t, testkit.BEAMOptions{
		OTP: w.otp, Name: w.kind.name(alive), Long: w.kind.long, Cookie: testCookie, Args: args,
		Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", w.epmdPort)},
	})
}

// connect makes the link, dialled by the real node, and waits for ours to
// know it.
func (w *world) connect(t *testing.T) {
	t.Helper()
	w.b.Expect(t, w.expr(`net_adm:ping(GO).`), "pong")
	within(t, time.Second, "link is known", func() bool { return len(w.n.Nodes()) == 1 })
}

// expr puts our node's name in the place of GO.
func (w *world) expr(format string) string {
	return "GO = " + etf.String(etf.Atom(w.n.Name())) + ", " + format
}

func (w *world) ask(t *testing.T, expr, want string) {
	t.Helper()
	w.b.Expect(t, w.expr(expr), want)
}

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), slack*5*time.Second)
	t.Cleanup(cancel)
	return ctx
}
