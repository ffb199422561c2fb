// Package mapper has port mappers for tests, and nodes that are not what their
// registration says. It is apart from testkit, which the tests of epmd import.
package mapper

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/internal/run"
)

// Start serves an EPMD of its own on 127.0.0.1 until the test ends.
func Start(t testing.TB) *epmd.Server {
	t.Helper()
	server := epmd.NewServer(epmd.ServerOptions{})
	if err := server.Listen(t.Context(), "127.0.0.1", 0); err != nil {
		t.Fatal(err)
	}
	group := run.NewGroup(context.Background(), "port mapper of a test", nil)
	group.Go("serve", func(ctx context.Context) error {
		_ = server.Serve(ctx) // it ends by Close
		return nil
	})
	t.Cleanup(func() {
		_ = server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := group.StopAndWait(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Register puts a name that stands for a port of the test into the EPMD on
// epmdPort, until the test ends.
func Register(t testing.TB, epmdPort int, name string, port int) {
	t.Helper()
	client := &epmd.Client{Port: uint16(epmdPort), Timeout: 5 * time.Second}
	held, err := client.Register(t.Context(), epmd.Registration{Name: name, Port: uint16(port)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
}

// Ancient answers handshakes as b@localhost without any capability, until l is
// closed: the status "sok", then a challenge ('N': flags of 64 bits,
// challenge, creation, name).
func Ancient(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		name := "b@localhost"
		challenge := append([]byte("N\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04\x00\x00\x00\x05\x00"), byte(len(name)))
		challenge = append(challenge, name...)
		_, _ = fmt.Fprintf(conn, "\x00\x03sok\x00%c%s", len(challenge), challenge)
		_, _ = conn.Read(make([]byte, 512))
		_ = conn.Close()
	}
}
