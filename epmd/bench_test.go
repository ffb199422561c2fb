package epmd

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"
)

// BenchmarkLookup compares this program with OTP's in one run, each as a
// process of its own: one look-up is one connection, as the protocol has it.
// OTP's is left out where it is not installed.
func BenchmarkLookup(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		benchmarkLookup(b, &Client{Port: startServer(b, ownProgram(b))})
	})
	path, err := exec.LookPath(programName)
	if err != nil {
		return
	}
	b.Run("otp", func(b *testing.B) {
		benchmarkLookup(b, &Client{Port: startServer(b, path)})
	})
}

func benchmarkLookup(b *testing.B, c *Client) {
	held, err := c.Register(b.Context(), Registration{Name: "f1", Port: 9000})
	if err != nil {
		b.Fatal(err)
	}
	defer held.Close()
	c.Dialer = dialWithoutTrace
	host := loopbacks()[0]
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Lookup(b.Context(), host, "f1"); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}

// dialWithoutTrace makes a connection that is reset when it is closed. Tens of
// thousands of closed connections that linger would slow the kernel down, and
// with it whichever server comes last.
func dialWithoutTrace(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetLinger(0)
}

// startServer starts an epmd program and returns its port.
func startServer(tb testing.TB, path string, args ...string) uint16 {
	tb.Helper()
	port := freePort(tb)
	cmd := exec.Command(path, append([]string{"-address", "127.0.0.1", "-port", fmt.Sprint(port)}, args...)...)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	for !answers(port) {
		if !sleep(ctx, 10*time.Millisecond) {
			tb.Fatalf("%s does not answer", path)
		}
	}
	return port
}

// BenchmarkDecodeRequest is the cost of a registration's bytes.
func BenchmarkDecodeRequest(b *testing.B) {
	body := aliveRequest("fishjam")[headerSize:]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRequest(body); err != nil {
			b.Fatal(err)
		}
	}
}
