package epmd

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"go.uber.org/goleak"
)

// TestMain makes the test binary an epmd program when it is called by that
// name, which is how Ensure and -daemon start one.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == programName {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr, os.Getenv))
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait of a test.
const patience = 10 * time.Second

// within polls until cond is true, fails after three times the limit and logs
// how long it took.
func within(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	start := time.Now()
	for !cond() {
		if time.Since(start) > 3*limit {
			t.Fatalf("%s: not within %s", what, 3*limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("%s: %s (limit %s)", what, time.Since(start).Round(time.Millisecond), limit)
}

// serving is a server that runs for a test.
type serving struct {
	*Server
	t    testing.TB
	stop func() error // ends it and returns what Serve returned
}

// serve starts a server on 127.0.0.1 and ::1; port 0 chooses one.
func serve(t testing.TB, port uint16, opts ServerOptions) *serving {
	t.Helper()
	server := NewServer(opts)
	if err := server.Listen(t.Context(), "127.0.0.1", port); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	s := &serving{Server: server, t: t}
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := s.stop(); err != nil && !errors.Is(err, ErrKilled) {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func (s *serving) dial() net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", netip.AddrPortFrom(loopbacks()[0], s.Port()).String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// exchange sends b, and returns what comes until the server closes.
func (s *serving) exchange(b []byte) []byte {
	s.t.Helper()
	conn := s.dial()
	if _, err := conn.Write(b); err != nil && !reset(err) {
		s.t.Fatal(err)
	}
	return readAll(s.t, conn)
}

// readAll reads until the connection is closed, in whatever way.
func readAll(t testing.TB, conn net.Conn) []byte {
	t.Helper()
	b, err := io.ReadAll(conn)
	if err != nil && !reset(err) {
		t.Fatalf("not closed: %v", err)
	}
	return b
}

func reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// register registers name over a raw connection and returns it with the
// creation.
func (s *serving) register(name string) (net.Conn, uint32) {
	s.t.Helper()
	conn := s.dial()
	if _, err := conn.Write(aliveRequest(name)); err != nil {
		s.t.Fatal(err)
	}
	answer := make([]byte, 6)
	if _, err := io.ReadFull(conn, answer); err != nil {
		s.t.Fatal(err)
	}
	if answer[0] != replyAliveLarge || answer[1] != resultOK {
		s.t.Fatalf("register %s: answer % x", name, answer)
	}
	return conn, binary.BigEndian.Uint32(answer[2:])
}

func (s *serving) client() *Client { return &Client{Port: s.Port(), Timeout: patience} }

func aliveRequest(name string) []byte {
	return AppendRequest(nil, Request{Kind: KindAlive, Entry: Registration{Name: name, Port: 4711}.entry()})
}

// packet puts the length in front of a body.
func packet(body string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}

// newGroup is a group that a test waits for at its end.
func newGroup(t testing.TB) *run.Group {
	group := run.NewGroup(context.Background(), t.Name(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := group.StopAndWait(ctx); err != nil {
			t.Error(err)
		}
		if err := group.Err(); err != nil {
			t.Error(err)
		}
	})
	return group
}

// freePort is a port that is free on all addresses of the host.
func freePort(t testing.TB) uint16 {
	t.Helper()
	server := NewServer(ServerOptions{})
	if err := server.Listen(t.Context(), "", 0); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	return server.Port()
}
