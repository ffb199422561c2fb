//go:build interop

package global

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
)

// world is a cluster of BEAM nodes and ours.
type world struct {
	*lab.Lab
	t     *testing.T
	beams []*testkit.BEAM
	gos   []*testNode
}

// worlds runs a test with BEAM nodes of each OTP alone and, when there are
// several, mixed. OTP 27 and later refuse links with OTP 23 and 24, so old ones are
// mixed with the next only. f gets the releases to use for its BEAM nodes.
func worlds(t *testing.T, beams int, f func(t *testing.T, w *world, otps []testkit.OTP)) {
	all := testkit.OTPs(t)
	for _, otp := range all {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			f(t, &world{Lab: lab.New(t), t: t}, slices.Repeat([]testkit.OTP{otp}, beams))
		})
	}
	var old, recent []testkit.OTP
	for _, otp := range all {
		if release, _ := strconv.Atoi(otp.Release); release >= 25 {
			recent = append(recent, otp)
		} else {
			old = append(old, otp)
		}
	}
	if len(recent) > 1 {
		t.Run("mixed", func(t *testing.T) { f(t, &world{Lab: lab.New(t), t: t}, mixed(recent, beams)) })
	}
	if len(old) > 0 && len(recent) > 0 && recent[0].Release < "27" {
		old = append(old, recent[0])
		t.Run("mixedold", func(t *testing.T) { f(t, &world{Lab: lab.New(t), t: t}, mixed(old, beams)) })
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

func (w *world) beam(otp testkit.OTP, args ...string) *testkit.BEAM {
	w.t.Helper()
	name := fmt.Sprintf("beam%d_%s@localhost", len(w.beams)+1, otp.Release)
	b := testkit.StartBEAM(w.t, testkit.BEAMOptions{OTP: otp, Name: name, Cookie: lab.Cookie, Args: args, Env: w.Env()})
	w.beams = append(w.beams, b)
	return b
}

func (w *world) ours(name string, change ...func(*node.Options)) *testNode {
	w.t.Helper()
	n := startNode(w.t, w.Lab, name, change...)
	w.gos = append(w.gos, n)
	return n
}

func ping(t *testing.T, b *testkit.BEAM, name string) {
	t.Helper()
	b.Expect(t, fmt.Sprintf("net_adm:ping('%s').", name), "pong")
}

// complete waits until everybody is linked and in sync with everybody.
func (w *world) complete(limit time.Duration) {
	w.t.Helper()
	var names []string
	for _, b := range w.beams {
		names = append(names, b.Node)
	}
	for _, n := range w.gos {
		names = append(names, n.Name())
	}
	slices.Sort(names)
	testkit.Within(w.t, limit, fmt.Sprintf("mesh of %d", len(names)), func() bool {
		for _, b := range w.beams {
			if !sees(b, names) {
				return false
			}
		}
		for _, n := range w.gos {
			if len(n.Nodes()) != len(names)-1 {
				return false
			}
		}
		return true
	})
	for _, b := range w.beams {
		begin := time.Now()
		if got, err := b.Try(testkit.Slack*limit, "global:sync()."); err != nil || got != "ok" {
			w.t.Fatalf("%s: global:sync: %s %v", b.Node, got, err)
		}
		w.t.Logf("%s: global:sync after %s", b.Node, time.Since(begin).Round(time.Millisecond))
	}
	for _, n := range w.gos {
		n.sync(w.t)
	}
	w.known(names, limit)
}

// known waits until all partitions are the whole world, as the servers see it.
func (w *world) known(names []string, limit time.Duration) {
	w.t.Helper()
	testkit.Within(w.t, limit, "partitions are whole", func() bool {
		for _, b := range w.beams {
			got, err := b.Try(5*time.Second, `lists:sort([atom_to_list(if is_tuple(N) -> element(1, N); true -> N end) || N <- gen_server:call(global_name_server, get_known)]).`)
			if err != nil || strings.Count(got, "@") != len(names)-1 {
				return false
			}
		}
		for _, n := range w.gos {
			if len(n.global.Known()) != len(names)-1 || len(n.global.Synced()) != len(names)-1 {
				return false
			}
		}
		return true
	})
}

func sees(b *testkit.BEAM, names []string) bool {
	got, err := b.Try(5*time.Second, "length(nodes()).")
	return err == nil && got == fmt.Sprint(len(names)-1)
}

// keep dials again, a second after a link is gone, as a cluster's reconciler.
func (n *testNode) keep(t *testing.T, names ...string) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			select {
			case <-time.After(1200 * time.Millisecond):
			case <-ctx.Done():
				return
			}
			for _, name := range names {
				if name != n.Name() && !slices.Contains(n.Nodes(), name) {
					_, _ = n.Connect(ctx, name)
				}
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// overlapping lists the log lines about overlapping partitions of a BEAM node.
func overlapping(b *testkit.BEAM) []string {
	var out []string
	for _, line := range strings.Split(strings.ReplaceAll(b.Log(), "\n'global'", " 'global'"), "\n") {
		if strings.Contains(line, "'global'") {
			out = append(out, line)
		}
	}
	return out
}

// child is one of our nodes in a process of its own.
type child struct {
	cmd  *exec.Cmd
	name string
}

// startChild starts the test program as a node; see childMain.
func (w *world) startChild(name, do string) *child {
	w.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FJORD_GLOBAL_CHILD="+name, "FJORD_GLOBAL_DO="+do, fmt.Sprintf("FJORD_GLOBAL_EPMD=%d", w.EPMDPort))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	c := &child{cmd: cmd, name: name}
	w.t.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Signal(syscall.SIGCONT)
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *child) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if sig == syscall.SIGSTOP {
		testkit.Within(t, 2*time.Second, c.name+" is stopped", func() bool { return testkit.Stopped(c.cmd.Process.Pid) })
	}
}

func init() { childMain = runChild }

// runChild is a node in a process of its own, until it is killed.
func runChild(name string) {
	var port int
	_, _ = fmt.Sscan(os.Getenv("FJORD_GLOBAL_EPMD"), &port)
	ctx := context.Background()
	o := node.Options{Name: name, Cookie: lab.Cookie, EPMD: node.EPMDExternal, EPMDPort: port}
	if os.Getenv("FJORD_GLOBAL_DO") == "tick" {
		o.NetTickTime = tickTime
	}
	n, err := node.Start(ctx, o)
	if err != nil {
		panic(err)
	}
	g, err := Start(n, Options{})
	if err != nil {
		panic(err)
	}
	if resource, ok := strings.CutPrefix(os.Getenv("FJORD_GLOBAL_DO"), "lock "); ok {
		// Once a node asks for it, take the lock and keep it.
		n.Handle("child", "lock", 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
			_, err := g.SetLock(ctx, etf.Atom(resource))
			return etf.Bool(err == nil), err
		})
	}
	select {}
}
