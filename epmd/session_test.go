package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// addressed is a connection that claims addresses.
type addressed struct {
	net.Conn
	remote, local net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }
func (a addressed) LocalAddr() net.Addr  { return a.local }

func tcp(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1234} }

func TestLocalPeer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		remote, local string
		want          bool
	}{
		{"127.0.0.1", "127.0.0.1", true},
		{"127.8.9.10", "192.0.2.1", true},
		{"::1", "::1", true},
		{"::ffff:127.0.0.1", "::ffff:127.0.0.1", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.2", "192.0.2.1", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::2", "2001:db8::1", false},
		{"::ffff:192.0.2.1", "192.0.2.1", true},
	}
	for _, tt := range tests {
		if got := localPeer(addressed{remote: tcp(tt.remote), local: tcp(tt.local)}); got != tt.want {
			t.Errorf("%s at %s: %v", tt.remote, tt.local, got)
		}
	}
	if localPeer(addressed{remote: &net.UnixAddr{}, local: &net.UnixAddr{}}) {
		t.Error("an unknown kind of address is local")
	}
}

// TestRemoteClients: what a client on another host may ask.
func TestRemoteClients(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		request []byte
		want    string
	}{
		{"register", aliveRequest("f1"), ""},
		{"look up", packet("zf1"), "w\x01"},
		{"names", packet("n"), "\x00\x00\x00\x00"},
		{"dump", packet("d"), ""},
		{"kill", packet("k"), ""},
		{"stop", packet("sf1"), ""},
	}
	for _, tt := range tests {
		s := NewServer(ServerOptions{Relaxed: true})
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.serveConn(t.Context(), addressed{server, tcp("192.0.2.2"), tcp("192.0.2.1")})
		}()
		if _, err := client.Write(tt.request); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, client); string(got) != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
		<-done
		if s.killed || len(s.Names()) > 0 {
			t.Errorf("%s had an effect", tt.name)
		}
	}
}

// local serves one piped connection of a local client inside a bubble.
func (s *Server) piped(t *testing.T) (net.Conn, <-chan struct{}) {
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serveConn(t.Context(), addressed{server, tcp("::1"), tcp("::1")})
	}()
	return client, done
}

// TestPacketTimeout: silence ends a connection after the timeout, but a byte
// each second keeps it.
func TestPacketTimeout(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"", "\x00", "\x00\x03", "\x00\x03zf"} {
		synctest.Test(t, func(t *testing.T) {
			s := NewServer(ServerOptions{PacketTimeout: time.Second})
			client, done := s.piped(t)
			start := time.Now()
			if _, err := client.Write([]byte(sent)); err != nil {
				t.Fatal(err)
			}
			<-done
			if d := time.Since(start); d < time.Second || d > 3*time.Second {
				t.Errorf("after %q: closed after %s", sent, d)
			}
			client.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(ServerOptions{PacketTimeout: time.Second})
		client, done := s.piped(t)
		for _, b := range packet("zfoo") {
			if _, err := client.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got, err := io.ReadAll(client); err != nil || string(got) != "w\x01" {
			t.Errorf("slow client: %q, %v", got, err)
		}
		<-done
	})
}

// TestRegistrationHasNoTimeout: a registration may be silent for ever.
func TestRegistrationHasNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(ServerOptions{PacketTimeout: time.Second})
		client, done := s.piped(t)
		if _, err := client.Write(aliveRequest("f1")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1000 * time.Hour)
		if len(s.Names()) != 1 {
			t.Error("registration timed out")
		}
		client.Close()
		<-done
		if len(s.Names()) != 0 {
			t.Error("still registered")
		}
	})
}

// whole checks that every answer comes in one write.
type whole struct {
	net.Conn
	writes atomic.Int32
}

func (w *whole) Write(b []byte) (int, error) {
	w.writes.Add(1)
	return w.Conn.Write(b)
}

func TestOneSegmentAnswers(t *testing.T) {
	t.Parallel()
	s := NewServer(ServerOptions{Relaxed: true})
	for i := range 20 {
		s.names.register(named(fmt.Sprintf("%s%d", strings.Repeat("x", 200), i)), nil)
	}
	s.names.register(named("f1"), addressed{Conn: nopConn{}})
	for _, request := range []string{"n", "d", "zf1", "zf2", "sf1", "sf2", string(aliveRequest("new")[2:]), "k"} {
		client, server := net.Pipe()
		conn := &whole{Conn: addressed{server, tcp("::1"), tcp("::1")}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.serveConn(t.Context(), conn)
		}()
		if _, err := client.Write(packet(request)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAtLeast(client, make([]byte, 1<<16), 2); err != nil {
			t.Errorf("%q: %v", request, err)
		}
		client.Close()
		<-done
		if n := conn.writes.Load(); n != 1 {
			t.Errorf("%q: %d writes", request, n)
		}
	}
}

// nopConn is a connection that can only be closed.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// exhausted is a listener that has no file descriptors for a while.
type exhausted struct {
	net.Listener
	errors atomic.Int32 // still to return
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.errors.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

// TestAcceptErrors: running out of file descriptors pauses the server only.
func TestAcceptErrors(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	failing := &exhausted{Listener: l}
	failing.errors.Store(5)
	server := NewServer(ServerOptions{})
	server.use([]net.Listener{failing}, uint16(l.Addr().(*net.TCPAddr).Port))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	client := &Client{Port: server.Port(), Timeout: patience}
	if _, _, err := client.Names(ctx, loopbacks()[0]); err != nil {
		t.Error(err)
	}
	if n := server.Stats().AcceptErrors; n != 5 {
		t.Errorf("%d errors counted", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestAcceptPause: the pauses between failures grow, so that a server without
// descriptors does not spin.
func TestAcceptPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing := &exhausted{Listener: &deaf{closed: make(chan struct{})}}
		failing.errors.Store(1 << 20)
		server := NewServer(ServerOptions{})
		server.use([]net.Listener{failing}, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := server.Serve(ctx); err != nil {
			t.Error(err)
		}
		if n := server.Stats().AcceptErrors; n < 100 || n > 130 {
			t.Errorf("%d attempts in a minute", n)
		}
	})
}

// deaf is a listener nobody connects to.
type deaf struct{ closed chan struct{} }

func (d *deaf) Accept() (net.Conn, error) { <-d.closed; return nil, net.ErrClosed }
func (d *deaf) Close() error              { close(d.closed); return nil }
func (d *deaf) Addr() net.Addr            { return tcp("127.0.0.1") }

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want error }{
		{syscall.ECONNREFUSED, ErrRefused},
		{context.DeadlineExceeded, ErrTimeout},
		{&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, ErrTimeout},
		{io.EOF, ErrNoAnswer},
		{fmt.Errorf("read: %w", syscall.ECONNRESET), ErrNoAnswer},
		{context.Canceled, context.Canceled},
		{ErrProtocol, ErrProtocol},
		{syscall.ENETUNREACH, syscall.ENETUNREACH},
	}
	for _, tt := range tests {
		if got := classify(tt.in); !errors.Is(got, tt.want) || !errors.Is(got, tt.in) {
			t.Errorf("%v: %v", tt.in, got)
		}
	}
	if classify(nil) != nil {
		t.Error("nil became an error")
	}
}
