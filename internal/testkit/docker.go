package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Docker is a Docker engine: the machine's own when one answers, else one
// started for the test with its data, socket and log under build/docker.
type Docker struct {
	t    testing.TB
	sock string // empty: the client's default
}

// engineStart is how long an engine may take to answer; with a cold disc
// containerd alone needs a few seconds.
const engineStart = 20 * time.Second

// StartDocker finds or starts an engine. One it started is stopped when the test ends.
func StartDocker(t testing.TB) *Docker {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "docker", "docker-compose")
	d := &Docker{t: t}
	if _, err := d.Try("", "version"); err == nil {
		return d
	}
	NeedTools(t, "dockerd")
	dir := filepath.Join(Root(t), "build", "docker")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	endLeftover(t, filepath.Join(dir, "pid"))
	var failures strings.Builder
	// overlay2 is refused where the data folder itself is on an overlay (a
	// container's file system) and vfs works everywhere; the same for the two iptables.
	for _, driver := range []string{"overlay2", "vfs"} {
		for _, iptables := range []string{"", "legacy"} {
			if d.start(dir, driver, iptables, &failures) {
				t.Logf("started a Docker engine: storage %s, iptables %q", driver, iptables)
				return d
			}
		}
	}
	t.Fatalf("no Docker engine answers and none could be started:\n%s", failures.String())
	return nil
}

// start tries one way to run the engine; the tail of its log goes to failures.
func (d *Docker) start(dir, driver, iptables string, failures *strings.Builder) bool {
	d.t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	// The socket's path must stay short: sun_path has 108 bytes.
	run, err := os.MkdirTemp("/tmp", "fjord-docker")
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command("dockerd", "--host", "unix://"+run+"/sock", "--group", "root",
		"--data-root", filepath.Join(dir, "data"), "--exec-root", run+"/exec", "--pidfile", filepath.Join(dir, "pid"),
		"--storage-driver", driver)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "PATH="+iptablesPath(run, iptables)+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		d.t.Fatalf("start dockerd: %v", err)
	}
	exited := make(chan struct{})
	beside("wait for dockerd", func() { _ = cmd.Wait(); close(exited) })
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
		_ = os.RemoveAll(run)
	}
	d.sock = "unix://" + run + "/sock"
	if d.answers(exited) {
		d.t.Cleanup(stop)
		return true
	}
	stop()
	d.sock = ""
	text, _ := os.ReadFile(log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	fmt.Fprintf(failures, "storage %s, iptables %q:\n%s\n", driver, iptables, strings.Join(lines[max(0, len(lines)-5):], "\n"))
	return false
}

// answers waits until the engine answers or ends.
func (d *Docker) answers(exited <-chan struct{}) bool {
	for end := time.Now().Add(engineStart); time.Now().Before(end); time.Sleep(5 * pollEvery) {
		if _, err := d.Try("", "version"); err == nil {
			return true
		}
		select {
		case <-exited:
			return false
		default:
		}
	}
	return false
}

// iptablesPath makes a folder whose iptables is the variant asked for and
// returns it as a prefix of PATH.
func iptablesPath(run, variant string) string {
	if variant == "" {
		return ""
	}
	dir := filepath.Join(run, "bin")
	_ = os.MkdirAll(dir, 0o755)
	for _, tool := range []string{"iptables", "ip6tables"} {
		if path, err := exec.LookPath(tool + "-" + variant); err == nil {
			_ = os.Symlink(path, filepath.Join(dir, tool))
		}
	}
	return dir + ":"
}

// endLeftover stops the engine of a killed test run, known by its pid file.
func endLeftover(t testing.TB, pidfile string) {
	t.Helper()
	text, err := os.ReadFile(pidfile)
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(comm)) != "dockerd" {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	Within(t, 10*time.Second, "the engine of an earlier run ends", func() bool {
		return syscall.Kill(pid, 0) == syscall.ESRCH
	})
}

// Try runs a docker command in a folder and returns its output.
func (d *Docker) Try(dir string, args ...string) (string, error) { return d.tool(dir, "docker", args) }

// Run is Try for commands that must work.
func (d *Docker) Run(args ...string) string {
	d.t.Helper()
	out, err := d.Try("", args...)
	if err != nil {
		d.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (d *Docker) tool(dir, name string, args []string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	// The classic builder: BuildKit is a plug-in that not every client has.
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0", "COMPOSE_DOCKER_CLI_BUILD=0")
	if d.sock != "" {
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+d.sock)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
