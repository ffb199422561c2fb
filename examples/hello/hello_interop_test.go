//go:build interop

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestOutsideModule builds the example as somebody else's module and talks to
// it from a real node.
func TestOutsideModule(t *testing.T) {
	program := buildOutside(t)
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			port := testkit.FreePorts(t, 1)[0]
			env := []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port), "FJORD_BIN=" + testkit.Binary(t)}
			startEPMD(t, port)
			hello := testkit.Start(t, testkit.Command{Name: "hello", Path: program, Env: env})
			hello.WaitLog(t, 5*time.Second, "go@localhost is up")
			erl := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: "me@localhost", Cookie: "secret", Env: env})
			erl.Expect(t, "net_adm:ping('go@localhost').", "pong")
			erl.Expect(t, "nodes().", "[go@localhost]")
			erl.Expect(t, `R = erlang:system_info(otp_release),
				erpc:call('go@localhost', hello, greet, [joe]) =:= iolist_to_binary(io_lib:format("Hello joe on OTP ~p", [R])).`, "true")
			erl.Expect(t, "catch erpc:call('go@localhost', hello, unknown, []), nodes().", "[go@localhost]")
			hello.Signal(t, syscall.SIGINT)
			if code := hello.WaitExit(t, 5*time.Second); code != 0 {
				t.Errorf("ended with code %d", code)
			}
			testkit.Within(t, time.Second, "the node has left", func() bool { return erl.Eval(t, "nodes().") == "[]" })
		})
	}
}

// startEPMD starts the port mapper in our program: one that the example would
// start outlives it.
func startEPMD(t *testing.T, port int) {
	t.Helper()
	p := fmt.Sprint(port)
	testkit.Start(t, testkit.Command{Name: "epmd", Path: testkit.Binary(t), Args: []string{"epmd", "-address", "127.0.0.1", "-port", p}})
	testkit.Within(t, 5*time.Second, "epmd listens", func() bool { return testkit.PortOpen(nil, "127.0.0.1:"+p) })
}

// buildOutside builds main.go in a module of its own, without a network.
func buildOutside(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(source), "\n"); lines >= 40 {
		t.Errorf("main.go has %d lines; it should be short", lines)
	}
	mod := "module example.com/hello\n\ngo 1.26.0\n\nrequire github.com/fjord-media/fjord v0.0.0\n\nreplace github.com/fjord-media/fjord => " + testkit.Root(t) + "\n"
	for name, text := range map[string]string{"main.go": string(source), "go.mod": mod} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "hello", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build outside of the repository: %v\n%s", err, out)
	}
	return filepath.Join(dir, "hello")
}
