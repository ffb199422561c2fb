//go:build bench

package bench

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestBenchEPMD lets erl ask OTP's EPMD and ours for a name, over a connection
// each, four processes at a time.
func TestBenchEPMD(t *testing.T) {
	const n = 300 // few: closed connections linger in the kernel
	p := startPeers(t)
	otp := startDaemon(t)
	beam := testkit.StartBEAM(t, testkit.BEAMOptions{Name: "beam2@localhost", Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", otp)}})
	beam.Expect(t, "is_alive().", "true")
	rate := func(port int, name string) func() float64 {
		return func() float64 {
			return n / p.ask(t, `fjbench:lookups(%d, <<"%s">>, {4, %d}).`, port, name, n)[0] * 1e9
		}
	}
	comparison{
		what: "EPMD look-ups, asked by erl", unit: "/s", higher: true, target: 1, other: "C daemon",
		limit: "the client and connection set-up in the kernel; ours makes one more system call (epoll)",
		beam:  rate(otp, "beam2"), own: rate(p.epmd, "go"),
	}.run(t)
}

// startDaemon starts OTP's EPMD and returns its port.
func startDaemon(t *testing.T) int {
	t.Helper()
	testkit.NeedTools(t, "epmd")
	path, err := exec.LookPath("epmd")
	if err != nil {
		t.Fatal(err)
	}
	port := testkit.FreePorts(t, 1)[0]
	testkit.Start(t, testkit.Command{Name: "epmd", Path: path, Args: []string{"-port", strconv.Itoa(port), "-address", "127.0.0.1"}})
	testkit.Within(t, 5*time.Second, "epmd answers", func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return port
}
