package main

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/config"
)

// output collects what the server writes while it runs.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func unusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// TestServeLogsItsConfigurationAndEndsOnSIGTERM runs the server in this process.
func TestServeLogsItsConfigurationAndEndsOnSIGTERM(t *testing.T) {
	const limit = 10 * time.Second
	env := map[string]string{"JF_PORT": unusedPort(t), "FJ_METRICS_PORT": unusedPort(t), "FJ_WEBRTC_USED": "false", "HOME": t.TempDir()}
	sys := config.Env(env)
	sys.Getwd = func() (string, error) { return env["HOME"], nil }
	var stdout, stderr output
	status := make(chan int, 1) // one answer
	go func() {
		status <- runServe(call{stdout: &stdout, stderr: &stderr, sys: sys, getenv: func(string) string { return "" }})
	}()
	started := time.Now()
	for !strings.Contains(stdout.String(), "Allowed components") {
		if time.Since(started) > 3*limit {
			t.Fatalf("no start-up log: %s%s", &stdout, &stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-status:
		if got != exitOK {
			t.Errorf("status %d: %s%s", got, &stdout, &stderr)
		}
	case <-time.After(3 * limit):
		t.Fatal("still running after SIGTERM")
	}
	t.Logf("started and ended in %v", time.Since(started))
	for _, want := range []string{
		"[warning] JF_PORT is the deprecated name of FJ_PORT",
		"[info] Distribution config: [enabled: false, mode: nil, strategy: nil, node_name: nil, strategy_config: nil]",
		"[info] WebRTC config: [webrtc_used?: false",
		"[info] Allowed components: []",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &stdout)
		}
	}
	if stderr.String() != "" {
		t.Errorf("stderr: %s", &stderr)
	}
}
