//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
)

// syncLimit is how long global:sync may take on a BEAM node after a change.
const syncLimit = 5 * time.Second

// cookie of all nodes of a world.
const cookie = "monster"

// world is a cluster of BEAM nodes and processes of examples/echo ("Fjord
// nodes" here) that share a port mapper on loopback.
type world struct {
	otps   []testkit.OTP // of the BEAM nodes, in the order in which they start
	epmd   int
	tick   int // net_ticktime in seconds; 0: the default
	beams  []*testkit.BEAM
	fjords []*echo
}

// echo is a process of examples/echo.
type echo struct {
	*testkit.Process
	Node string
	args []string
}

// worlds runs a test with so many BEAM nodes of each release alone and, when
// there are several releases, of all mixed, at the same time. OTP 27 and later
// refuse links with 23 and 24, which are mixed with 25 only.
func worlds(t *testing.T, beams int, f func(t *testing.T, w *world)) {
	all := testkit.OTPs(t)
	sets := map[string][]testkit.OTP{}
	var old, recent []testkit.OTP
	for _, otp := range all {
		sets["otp"+otp.Release] = slices.Repeat([]testkit.OTP{otp}, beams)
		if n, err := strconv.Atoi(otp.Release); err == nil && n < 25 {
			old = append(old, otp)
		} else {
			recent = append(recent, otp)
		}
	}
	if len(recent) > 1 {
		sets["mixed"] = mixed(recent, beams)
	}
	if len(old) > 0 && len(recent) > 0 && recent[0].Release < "27" {
		sets["mixedold"] = mixed(append(old, recent[0]), beams)
	}
	for name, otps := range sets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, &world{otps: otps, epmd: int(mapper.Start(t).Port())})
		})
	}
}

// mixed takes at least n releases, from the oldest on and again from there.
func mixed(all []testkit.OTP, n int) []testkit.OTP {
	var out []testkit.OTP
	for i := range max(n, len(all)) {
		out = append(out, all[i%len(all)])
	}
	return out
}

// echoProgram is examples/echo, built once per test process.
var echoProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	root := filepath.Join(dir, "..", "..", "..")
	path := filepath.Join(root, "build", "testkit", "echo")
	aside := fmt.Sprintf("%s.%d", path, os.Getpid())
	cmd := exec.Command("go", "build", "-trimpath", "-o", aside, "./examples/echo")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./examples/echo: %w\n%s", err, out)
	}
	return path, os.Rename(aside, path)
})

func (w *world) env() []string { return []string{fmt.Sprintf("ERL_EPMD_PORT=%d", w.epmd)} }

// fjord starts an echo that keeps links to the listed nodes.
func (w *world) fjord(t *testing.T, name string, nodes ...string) *echo {
	t.Helper()
	e := w.launch(t, name, nil, append(w.tickArgs("-ticktime", "s"), "-nodes", strings.Join(nodes, ","))...)
	w.fjords = append(w.fjords, e)
	return e
}

// launch starts an echo and waits until it is up.
func (w *world) launch(t *testing.T, name string, host *testkit.Host, args ...string) *echo {
	t.Helper()
	program, err := echoProgram()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-name", name, "-cookie", cookie, "-wait", "300ms"}, args...)
	e := &echo{Node: name, args: args}
	e.Process = testkit.Start(t, testkit.Command{Name: "echo " + name, Path: program, Args: args, Env: w.env(), Host: host})
	e.WaitLog(t, 5*time.Second, name+" is up")
	return e
}

// again starts an echo anew that has ended.
func (w *world) again(t *testing.T, old *echo) *echo {
	t.Helper()
	e := w.launch(t, old.Node, nil, old.args...)
	w.fjords[slices.Index(w.fjords, old)] = e
	return e
}

// beam starts the next BEAM node.
func (w *world) beam(t *testing.T, args ...string) *testkit.BEAM {
	t.Helper()
	i := len(w.beams)
	b := w.erl(t, w.otps[i%len(w.otps)], fmt.Sprintf("b%d@localhost", i+1), args...)
	w.beams = append(w.beams, b)
	return b
}

func (w *world) erl(t *testing.T, otp testkit.OTP, name string, args ...string) *testkit.BEAM {
	t.Helper()
	if w.tick != 0 {
		args = append(args, "-kernel", "net_ticktime", fmt.Sprint(w.tick))
	}
	return testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: name, Cookie: cookie, Args: args, Env: w.env()})
}

func (w *world) tickArgs(flag, unit string) []string {
	if w.tick == 0 {
		return nil
	}
	return []string{flag, fmt.Sprint(w.tick) + unit}
}

// cluster starts two Fjord nodes and all BEAM nodes, which meet through them.
// The Fjord nodes keep links to all, the first BEAM node pings the first of them.
func (w *world) cluster(t *testing.T) {
	t.Helper()
	names := []string{"f1@localhost", "z2@localhost"}
	for i := range w.otps {
		names = append(names, fmt.Sprintf("b%d@localhost", i+1))
	}
	w.fjord(t, names[0], names...)
	w.fjord(t, names[1], names...)
	for i := range w.otps {
		ping(t, w.beam(t), w.fjords[i%2].Node)
	}
	w.complete(t, syncLimit)
}

func (w *world) names() []string {
	var names []string
	for _, b := range w.beams {
		names = append(names, b.Node)
	}
	for _, f := range w.fjords {
		names = append(names, f.Node)
	}
	slices.Sort(names)
	return names
}

func ping(t *testing.T, b *testkit.BEAM, name string) {
	t.Helper()
	b.Expect(t, fmt.Sprintf("net_adm:ping('%s').", name), "pong")
}

// complete waits until everybody is linked with everybody, and then for
// global:sync on each BEAM node.
func (w *world) complete(t *testing.T, limit time.Duration) {
	t.Helper()
	all := w.names()
	testkit.Within(t, limit, fmt.Sprintf("mesh of %d", len(all)), func() bool {
		return !slices.ContainsFunc(w.beams, func(b *testkit.BEAM) bool { return !sees(b, all) }) &&
			!slices.ContainsFunc(w.fjords, func(f *echo) bool { return !w.fjordSees(f, all) })
	})
	w.sync(t)
}

// sync checks that global:sync returns on each BEAM node, and on ours.
func (w *world) sync(t *testing.T) {
	t.Helper()
	for _, b := range w.beams {
		begin := time.Now()
		if got, err := b.Try(testkit.Slack*syncLimit, "global:sync()."); err != nil || got != "ok" {
			t.Fatalf("%s: global:sync: %s %v", b.Node, got, err)
		}
		t.Logf("%s: global:sync after %s (limit %s)", b.Node, time.Since(begin).Round(time.Millisecond), syncLimit)
	}
	for _, f := range w.fjords {
		w.beams[0].Expect(t, fmt.Sprintf("erpc:call('%s', echo, sync, []).", f.Node), "ok")
	}
}

// without is names but for some.
func without(names []string, some ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(some, n) })
}

// quoted is a list of atoms in Erlang syntax, sorted.
func quoted(names []string) string {
	names = slices.Sorted(slices.Values(names))
	if len(names) == 0 {
		return "[]"
	}
	return "['" + strings.Join(names, "','") + "']"
}

// sees says whether a BEAM node is linked with exactly these, itself apart.
func sees(b *testkit.BEAM, all []string) bool {
	got, err := b.Try(testkit.Slack*5*time.Second, "lists:sort(nodes()) =:= "+quoted(without(all, b.Node))+".")
	return err == nil && got == "true"
}

// fjordSees is sees of a Fjord node, asked through the first BEAM node.
func (w *world) fjordSees(f *echo, all []string) bool {
	got, err := w.beams[0].Try(testkit.Slack*5*time.Second,
		fmt.Sprintf("(catch lists:sort(erpc:call('%s', erlang, nodes, [], 2000))) =:= %s.", f.Node, quoted(without(all, f.Node))))
	return err == nil && got == "true"
}

// overlapping lists the log lines of a BEAM node that its global wrote about
// nodes it or others cut off.
func overlapping(b *testkit.BEAM) []string {
	var out []string
	for _, line := range strings.Split(strings.ReplaceAll(b.Log(), "\n'global'", " 'global'"), "\n") {
		if strings.Contains(line, "'global'") || strings.Contains(line, "overlapping partitions") {
			out = append(out, line)
		}
	}
	return out
}

// parallel runs a test of one world beside others.
func parallel(t *testing.T, beams int, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	worlds(t, beams, f)
}
