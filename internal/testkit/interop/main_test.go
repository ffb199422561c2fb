//go:build interop

// Package interop puts real BEAM nodes beside the built binary and beside processes
// of examples/echo. FJORD_OTP_ROOTS chooses the releases; by default it is the
// system's. With several, each is tested alone and all that can meet are mixed.
//
// Tests of the library's nodes take a world: two Fjord nodes, BEAM nodes, one
// port mapper. After every join and every heal global:sync must return within five
// seconds on each BEAM node. FJORD_SOAK=1 makes splits, quiet times and properties
// long.
package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// roomService is the name that Fishjam nodes of release 0.6 call.
const roomService = `'Elixir.Fishjam.RoomService'`

// names is one way to name nodes, with a host part for each kind.
type names struct {
	kind string
	host string
	long bool
}

func bothKinds() []names {
	return []names{{"short", "localhost", false}, {"long", "127.0.0.1", true}}
}

// pair is a Fjord and a BEAM that can find each other.
type pair struct {
	cluster   testkit.Cluster
	otp       testkit.OTP
	names     names
	fjord     *testkit.Fjord
	fjordName string
}

// eachPair runs a test for every release and both kinds of names, at the same time.
func eachPair(t *testing.T, test func(t *testing.T, p *pair), env ...string) {
	for _, otp := range testkit.OTPs(t) {
		for _, n := range bothKinds() {
			t.Run(otp.Release+"/"+n.kind, func(t *testing.T) {
				t.Parallel()
				test(t, newPair(t, otp, n, env...))
			})
		}
	}
}

// newPair starts a Fjord that knows of the node erl@HOST, which is not there yet.
func newPair(t *testing.T, otp testkit.OTP, n names, env ...string) *pair {
	t.Helper()
	p := &pair{cluster: testkit.NewCluster(t), otp: otp, names: n, fjordName: "fjord@" + n.host}
	if n.long {
		p.cluster.Env["FJ_DIST_MODE"] = "name"
	}
	p.fjord = p.cluster.Node(t, p.fjordName, append([]string{"FJ_HOST", "fjord:1", "FJ_WEBRTC_USED", "false"}, env...)...).WaitUp(t)
	return p
}

// erl starts a BEAM node called name.
func (p *pair) erl(t *testing.T, name string, args ...string) *testkit.BEAM {
	t.Helper()
	return testkit.StartBEAM(t, testkit.BEAMOptions{
		OTP: p.otp, Name: name + "@" + p.names.host, Long: p.names.long, Args: args, Env: p.cluster.EPMDEnv(),
	})
}

// fill puts the Fjord's name (F) and the service's (S) into an expression.
func (p *pair) fill(expr string) string {
	return strings.NewReplacer("$F", "'"+p.fjordName+"'", "$S", roomService).Replace(expr)
}

// expect evaluates an expression in which $F is the Fjord's name and $S the service's.
func (p *pair) expect(t *testing.T, b *testkit.BEAM, expr, want string) {
	t.Helper()
	b.Expect(t, p.fill(expr), want)
}

// connect starts a BEAM that has pinged the Fjord.
func (p *pair) connect(t *testing.T, args ...string) *testkit.BEAM {
	t.Helper()
	b := p.erl(t, "erl", args...)
	p.expect(t, b, `net_adm:ping($F).`, `pong`)
	testkit.Within(t, 2*time.Second, "Fjord counts the shell", func() bool { return p.fjord.NodesInCluster() == 2 })
	return b
}

// printed is how ~p prints a node's name.
func printed(name string) string {
	if strings.Contains(name, ".") {
		return fmt.Sprintf("'%s'", name)
	}
	return name
}
