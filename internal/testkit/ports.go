package testkit

import (
	"context"
	"net"
	"testing"
	"time"
)

// FreePorts returns n different TCP ports that nobody listens on. They are
// chosen by the kernel and released again, so another process could take one
// before the caller does; in practice the kernel hands out others first.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("find a free port: %v", err)
		}
		defer l.Close() // held until all are chosen, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
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
