//go:build e2e

// Package mixed runs clusters of Fjord nodes and of doubles of the original:
// the acceptance scenarios of one cluster that never flaps, never hangs and can
// be drained. Where each is tested (others: tests of other packages):
//
//	 1 two nodes, one becomes a double     TestBalance, TestAllGenerationsTogether; e2e and e2e/image
//	 2 DNS, a third node later             TestFoundByDNS; e2e/netns, e2e/image
//	 3 nothing but IPv6                    TestFoundByDNS; e2e/netns
//	 4 three of eight addresses            TestPartialDNSAnswers
//	 5 DNS outage                          TestPartialDNSAnswers; e2e/netns
//	 6 split network                       TestNetSplit, TestHalfOpenLink; interop
//	 7 EPMD restarted                      TestEPMDRestart; e2e
//	 8 reasons                             TestReasonsAreShown, TestNameTakenByTheOriginal; e2e
//	 9 questions of every generation       TestQuestionsAreAnsweredAtOnce
//	10 graceful leave                      TestGracefulLeave, TestDrain; interop
//	11 200 creations at once               TestBurst, TestPlainRuleFromTheOriginal
//	12 notifications, webhooks             TestNotificationsCross, TestEveryNotification
//	13 the owner is killed                 TestOwnerKilled, TestRoutedRooms
//	14 a shell joins                       TestShellJoins
//	15 33 nodes                            TestMeshOf33
//
// and beyond them frozen nodes (freeze_test.go), random kills (TestChaos), the
// replacement of a whole cluster (TestRollingReplacement), other ways to be found
// (discovery_test.go), requests and tokens of other nodes (routing_test.go).
package mixed

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// answerLimit is how long POST /room of a Fjord node may take whatever others do.
const answerLimit = 1500 * time.Millisecond

// world is a cluster on this machine with a port mapper of its own, which is a
// process: it outlives every node.
type world struct {
	testkit.Cluster
	t      testing.TB
	mapper *testkit.Process
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Cluster: testkit.NewCluster(t), t: t}
	w.Env["FJ_DIST_EPMD"], w.Env["FJ_WEBRTC_TURN_PORT_RANGE"] = "external", "20000-29999"
	w.startMapper()
	return w
}

func (w *world) startMapper() {
	w.t.Helper()
	w.mapper = testkit.Start(w.t, testkit.Command{
		Name: "epmd", Path: testkit.Binary(w.t), Args: []string{"epmd", "-port", fmt.Sprint(w.EPMDPort), "-address", "127.0.0.1"},
	})
	testkit.Within(w.t, 2*time.Second, "epmd answers", func() bool {
		return testkit.PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", w.EPMDPort))
	})
}

// addressOf is where a node says its rooms are: its short name with a port.
func addressOf(node string) string {
	name, _, _ := strings.Cut(node, "@")
	return name + ":1"
}

// fjord starts a node and waits until it answers.
func (w *world) fjord(name string, more ...string) *testkit.Fjord {
	w.t.Helper()
	return w.Node(w.t, name, append([]string{"FJ_HOST", addressOf(name)}, more...)...).WaitUp(w.t)
}

// fjords starts several nodes, which list all of them, at once.
func (w *world) fjords(names []string, more ...string) []*testkit.Fjord {
	w.t.Helper()
	more = append([]string{"FJ_DIST_NODES", strings.Join(names, " ")}, more...)
	nodes := make([]*testkit.Fjord, len(names))
	for i, name := range names {
		nodes[i] = w.Node(w.t, name, append([]string{"FJ_HOST", addressOf(name)}, more...)...)
	}
	for _, n := range nodes {
		n.WaitUp(w.t)
	}
	return nodes
}

// options are those of a double in this world.
func (w *world) options(name string, dialect elixir.Dialect, nodes ...string) elixir.Options {
	o := elixir.Options{Dialect: dialect, Address: addressOf(name), Nodes: nodes}
	o.BEAMOptions = testkit.BEAMOptions{OTP: doubleOTP(w.t), Name: name, Env: w.EPMDEnv()}
	return o
}

// double starts a double which connects to the nodes.
func (w *world) double(name string, dialect elixir.Dialect, nodes ...string) *elixir.Double {
	w.t.Helper()
	return elixir.Start(w.t, w.options(name, dialect, nodes...))
}

// doubles starts several of Fishjam 0.6.3 at once.
func (w *world) doubles(names []string, nodes ...string) []*elixir.Double {
	w.t.Helper()
	var all []elixir.Options
	for _, name := range names {
		all = append(all, w.options(name, elixir.Fishjam, nodes...))
	}
	return elixir.StartAll(w.t, all...)
}

// doubleOTP is the release that the doubles of a test run on: the one that the
// test's name ends with ("otp23"), else one of all that depends on the name. The
// doubles of one test have the same, because pg of OTP 25 crashes when it meets
// that of OTP 29.
func doubleOTP(t testing.TB) testkit.OTP {
	t.Helper()
	all := testkit.OTPs(t)
	for _, otp := range all {
		if strings.HasSuffix(t.Name(), "otp"+otp.Release) {
			return otp
		}
	}
	h := fnv.New32()
	_, _ = h.Write([]byte(t.Name()))
	return all[int(h.Sum32())%len(all)]
}

// eachOTP runs a test with doubles of each release.
func eachOTP(t *testing.T, f func(t *testing.T)) {
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			t.Parallel()
			f(t)
		})
	}
}

// together lists the releases that can be in one cluster, in pairs: those that
// follow each other. OTP 27 and later refuse links with OTP 23, and pg of OTP 25
// crashes when that of OTP 29 greets it.
func together(t testing.TB) (pairs [][2]testkit.OTP) {
	t.Helper()
	all := slices.Clone(testkit.OTPs(t))
	slices.SortFunc(all, func(a, b testkit.OTP) int { return cmp.Compare(a.Release, b.Release) })
	for i := range len(all) - 1 {
		pairs = append(pairs, [2]testkit.OTP{all[i], all[i+1]})
	}
	return pairs
}

// answers creates a room and fails the test when that does not work or takes
// far too long.
func answers(t testing.TB, f *testkit.Fjord) testkit.Room {
	t.Helper()
	room := f.MustPostRoom(t, "")
	if room.Took > testkit.Slack*answerLimit {
		t.Errorf("%s: POST /room took %s", f.Name, room.Took)
	}
	return room
}

// spread creates rooms and counts where they went.
func spread(t testing.TB, f *testkit.Fjord, rooms int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range rooms {
		got[answers(t, f).Address]++
	}
	return got
}

// members waits until a node knows so many media servers, itself included.
func members(t testing.TB, limit time.Duration, count int, nodes ...*testkit.Fjord) {
	t.Helper()
	for _, f := range nodes {
		testkit.Within(t, limit, fmt.Sprintf("%s knows %d members", f.Name, count), func() bool { return clusterOf(f).Members == count })
	}
}
