package testkit

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Ports that FreePorts chooses from: below those that the kernel gives to
// outgoing connections, so that none of these takes one before its listener does.
const firstPort, lastPort = 10_000, 19_999

// handedOut are the ports that FreePorts has returned: programs may be slow to
// take theirs.
var handedOut sync.Map

// FreePorts returns n different TCP ports that nobody listens on. They are not
// held, but none is returned twice in a test process.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range 100 * n {
		if len(ports) == n {
			return ports
		}
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		if _, taken := handedOut.LoadOrStore(port, true); !taken {
			ports = append(ports, port)
		}
	}
	t.Fatalf("no %d free ports from %d to %d", n, firstPort, lastPort)
	return nil
}

// PortOpen says whether something accepts TCP connections on an address,
// as seen from a host (nil: this machine).
func PortOpen(host *Host, address string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	dial := (&net.Dialer{}).DialContext
	if host != nil {
		dial = host.Dial
	}
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
