package epmd

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func noEnv(string) string { return "" }

// call runs the program with a port and returns what it printed and its status.
func call(port uint16, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Main(append([]string{"-port", fmt.Sprint(port)}, args...), &out, &err, noEnv)
	return out.String(), err.String(), code
}

func TestTools(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{Relaxed: true})
	strict := serve(t, 0, ServerOptions{})
	s.register("f1")
	s.register("f2")
	strict.register("f1")
	empty := freePort(t)
	const refused = "epmd: Cannot connect to local epmd\n"
	tests := []struct {
		port           uint16
		args           string
		stdout, stderr string
		code           int
	}{
		{s.Port(), "-names", "epmd: up and running on port PORT with data:\nname f2 at port 4711\nname f1 at port 4711\n", "", 0},
		{s.Port(), "-started", "", "", 0},
		{s.Port(), "-stop f3", "NOEXIST\n", "", 0},
		{s.Port(), "-stop f2", "STOPPED\n", "", 0},
		{s.Port(), "-stop " + strings.Repeat("a", 1001), "epmd: Name too long!", "", 1},
		{s.Port(), "-kill", "Killed\n", "", 0},
		{strict.Port(), "-stop f1", "epmd: local epmd responded with <>\n", "", 1},
		{strict.Port(), "-kill", "Killing not allowed - living nodes in database.\n", "", 1},
		{empty, "-names", "", refused, 1},
		{empty, "-dump", "", refused, 1},
		{empty, "-kill", "", refused, 1},
		{empty, "-stop f1", "", refused, 1},
		{empty, "-started", "", "", 1},
	}
	for _, tt := range tests {
		stdout, stderr, code := call(tt.port, strings.Fields(tt.args)...)
		want := strings.ReplaceAll(tt.stdout, "PORT", fmt.Sprint(tt.port))
		if stdout != want || stderr != tt.stderr || code != tt.code {
			t.Errorf("%s: status %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
}

func TestDumpTool(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	s.register("f1")
	stdout, _, code := call(s.Port(), "-dump")
	want := regexp.MustCompile(`^epmd: up and running on port \d+ with data:\nactive name     <f1> at port 4711, fd = \d+\n\x00$`)
	if code != 0 || !want.MatchString(stdout) {
		t.Errorf("status %d, %q", code, stdout)
	}
}

// TestToolsImpostor: what answers is not an EPMD.
func TestToolsImpostor(t *testing.T) {
	t.Parallel()
	closes := impostor(t, func(net.Conn) {})
	for args, want := range map[string]string{
		"-names":   "epmd: no response from local epmd\n",
		"-kill":    "epmd: local epmd responded with <>\n",
		"-stop f1": "epmd: local epmd responded with <>\n",
	} {
		if stdout, _, code := call(closes.Port, strings.Fields(args)...); code != 1 || stdout != want {
			t.Errorf("%s: status %d, %q", args, code, stdout)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"-x", "names", "-port", "-port 0", "-port x", "-port 65536", "-address", "-packet_timeout 0",
		"-packet_timeout x", "-delay_accept -1", "-delay_write", "-stop", "-names -debug", "-stop a b", "-kill -kill",
	} {
		var stdout, stderr bytes.Buffer
		code := Main(strings.Fields(args), &stdout, &stderr, noEnv)
		if code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "Usage: epmd") {
			t.Errorf("%s: status %d, %q, %q", args, code, &stdout, &stderr)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	var p program
	args := "-d -debug -daemon -relaxed_command_check -address 127.0.0.1,::1 -port 4370 " +
		"-packet_timeout 1 -delay_accept 2 -delay_write 3"
	if err := p.parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	if p.debug != 2 || !p.daemon || !p.relaxed || p.address != "127.0.0.1,::1" || p.port != 4370 ||
		p.packetTimeout != time.Second || p.delayAccept != 2*time.Second || p.delayWrite != 3*time.Second {
		t.Errorf("%+v", p)
	}
}

func TestCannotServe(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	tests := []struct {
		args   string
		code   int
		stderr string
	}{
		{"", 0, ""},
		{"-address 127.0.0.1", 0, ""},
		{"-d", 0, "one is running already"},
		{"-address nonsense", 1, `cannot parse IP address "nonsense"`},
		{"-daemon -address nonsense", 1, `cannot parse IP address "nonsense"`},
		{"-daemon", 0, ""},
	}
	for _, tt := range tests {
		stdout, stderr, code := call(s.Port(), strings.Fields(tt.args)...)
		if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.stderr) || (tt.stderr == "") != (stderr == "") {
			t.Errorf("%q: status %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
	var out bytes.Buffer
	if code := Main(nil, &out, &out, func(string) string { return "x" }); code != 1 || !strings.Contains(out.String(), envPort) {
		t.Errorf("bad %s: status %d, %q", envPort, code, &out)
	}
}

// ownProgram is this test binary under the name epmd.
func ownProgram(tb testing.TB) string {
	tb.Helper()
	binary, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	link := filepath.Join(tb.TempDir(), programName)
	if err := os.Symlink(binary, link); err != nil {
		tb.Fatal(err)
	}
	return link
}

// startProgram starts this test binary as epmd from a shell.
func startProgram(t *testing.T, shell string, args ...string) {
	t.Helper()
	link := ownProgram(t)
	cmd := exec.Command("/bin/sh", append([]string{"-c", shell + ` exec "$0" "$@"`, link}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// TestProgramEnvironment: the variables, with arguments winning over them.
func TestProgramEnvironment(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	shell := fmt.Sprintf("export ERL_EPMD_PORT=%d ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_RELAXED_COMMAND_CHECK=1;", port)
	startProgram(t, shell)
	within(t, 2*time.Second, "answers", func() bool { return answers(port) })
	held, err := (&Client{Port: port}).Register(t.Context(), Registration{Name: "f1"})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if stdout, _, code := call(port, "-kill"); code != 0 || stdout != "Killed\n" {
		t.Errorf("status %d, %q", code, stdout)
	}
}

// TestDaemon: -daemon returns when the process of its own answers.
func TestDaemon(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	var out bytes.Buffer
	env := func(name string) string {
		return map[string]string{envPort: fmt.Sprint(port), envAddress: "127.0.0.1", envRelaxed: "1"}[name]
	}
	if code := Main([]string{"-daemon"}, &out, &out, env); code != 0 || out.Len() > 0 {
		t.Fatalf("status %d, %s", code, &out)
	}
	held, err := (&Client{Port: port}).Register(t.Context(), Registration{Name: "f1"})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if stdout, _, code := call(port, "-kill"); code != 0 {
		t.Errorf("status %d, %q", code, stdout)
	}
}

// TestOutOfDescriptors: a server at its limit of open files answers again as
// soon as there are some.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	startProgram(t, "ulimit -n 24;", "-port", fmt.Sprint(port), "-address", "127.0.0.1")
	within(t, 2*time.Second, "answers", func() bool { return answers(port) })
	var idle []io.Closer
	for range 40 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, conn)
	}
	short := &Client{Port: port, Timeout: 50 * time.Millisecond}
	if _, err := short.Lookup(t.Context(), loopbacks()[0], "f1"); err == nil {
		t.Error("answers, the test did not reach the limit")
	}
	for _, conn := range idle {
		conn.Close()
	}
	within(t, 2*time.Second, "answers again", func() bool { return answers(port) })
	if stdout, _, code := call(port, "-kill"); code != 0 {
		t.Errorf("status %d, %q", code, stdout)
	}
}
