package epmd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// impostor accepts connections on 127.0.0.1 and lets answer deal with each.
func impostor(t *testing.T, answer func(conn net.Conn)) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = conn.Read(make([]byte, maxPacket))
			answer(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return &Client{Port: uint16(l.Addr().(*net.TCPAddr).Port), Timeout: patience}
}

func says(parts ...string) func(net.Conn) {
	return func(conn net.Conn) {
		for _, part := range parts {
			_, _ = conn.Write([]byte(part))
			time.Sleep(time.Millisecond)
		}
	}
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	lookup := func(c *Client) error {
		_, err := c.Lookup(context.Background(), loopbacks()[0], "f1")
		return err
	}
	register := func(c *Client) error {
		held, err := c.Register(context.Background(), Registration{Name: "f1", Port: 1})
		if err == nil {
			return held.Close()
		}
		return err
	}
	names := func(c *Client) error {
		_, _, err := c.Names(context.Background(), loopbacks()[0])
		return err
	}
	silent := func(c *Client) *Client { return &Client{Port: c.Port, Timeout: 50 * time.Millisecond} }
	wait := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }
	tests := []struct {
		name   string
		call   func(*Client) error
		client *Client
		want   error
	}{
		{"look up, unknown", lookup, impostor(t, says("w\x01")), ErrNotRegistered},
		{"look up, closed", lookup, impostor(t, says()), ErrNoAnswer},
		{"look up, cut off", lookup, impostor(t, says("w\x00\x12\x67M\x00\x00\x06\x00\x05\x00\x02f")), ErrNoAnswer},
		{"look up, HTTP", lookup, impostor(t, says("HTTP/1.1 400 Bad Request\r\n")), ErrProtocol},
		{"look up, other name", lookup, impostor(t, says("w\x00\x12\x67M\x00\x00\x06\x00\x05\x00\x02f2\x00\x00")), ErrProtocol},
		{"look up, in pieces", lookup, impostor(t, says("w", "\x00\x12\x67M\x00\x00\x06\x00", "\x05\x00\x02f1\x00", "\x00")), nil},
		{"look up, silence", lookup, silent(impostor(t, wait)), ErrTimeout},
		{"register, taken", register, impostor(t, says("v\x01\x00\x00\x00\x63")), ErrNameTaken},
		{"register, taken, old", register, impostor(t, says("y\x01\x00\x63")), ErrNameTaken},
		{"register, closed", register, impostor(t, says()), ErrNoAnswer},
		{"register, cut off", register, impostor(t, says("v\x00\x00\x00")), ErrNoAnswer},
		{"register, in pieces", register, impostor(t, says("v\x00\x00\x00", "\x00\x07")), nil},
		{"register, old", register, impostor(t, says("y\x00\x00\x02")), nil},
		{"register, nonsense", register, impostor(t, says("220 smtp ready\r\n")), ErrProtocol},
		{"register, silence", register, silent(impostor(t, wait)), ErrTimeout},
		{"names, closed", names, impostor(t, says()), ErrNoAnswer},
		{"names, HTTP", names, impostor(t, says("HTTP/1.1 400 Bad Request\r\n")), ErrProtocol},
		{"names, silence", names, silent(impostor(t, wait)), ErrTimeout},
		{"look up, refused", lookup, &Client{Port: freePort(t)}, ErrRefused},
		{"register, refused", register, &Client{Port: freePort(t)}, ErrRefused},
		{"names, refused", names, &Client{Port: freePort(t)}, ErrRefused},
	}
	for _, tt := range tests {
		if err := tt.call(tt.client); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestClientBadNames(t *testing.T) {
	t.Parallel()
	c := &Client{Dialer: func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled for a name that cannot be")
		return nil, net.ErrClosed
	}}
	for _, name := range []string{"", "a\x00", "\xff", strings.Repeat("a", 256)} {
		if _, err := c.Lookup(t.Context(), loopbacks()[0], name); !errors.Is(err, ErrBadName) {
			t.Errorf("look up %q: %v", name, err)
		}
		if _, err := c.Register(t.Context(), Registration{Name: name}); !errors.Is(err, ErrBadName) {
			t.Errorf("register %q: %v", name, err)
		}
	}
}

// TestClientCancel: cancelling the context ends a request at once.
func TestClientCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := impostor(t, func(conn net.Conn) {
		cancel()
		_, _ = conn.Read(make([]byte, 1))
	})
	if _, err := c.Lookup(ctx, loopbacks()[0], "f1"); !errors.Is(err, context.Canceled) {
		t.Errorf("look up: %v", err)
	}
	if _, err := c.Register(ctx, Registration{Name: "f1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("register: %v", err)
	}
}

// TestLocalOrder: ::1 first, then 127.0.0.1.
func TestLocalOrder(t *testing.T) {
	t.Parallel()
	var dialled []string
	c := &Client{Port: 4370, Dialer: func(_ context.Context, network, addr string) (net.Conn, error) {
		dialled = append(dialled, network+" "+addr)
		return nil, net.ErrClosed
	}}
	if _, _, err := c.Names(t.Context(), netip.Addr{}); err == nil {
		t.Error("no error")
	}
	if got := strings.Join(dialled, ", "); got != "tcp [::1]:4370, tcp 127.0.0.1:4370" {
		t.Errorf("dialled %s", got)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	held, err := s.client().Register(ctx, Registration{Name: "f1", Port: 9000, Hidden: true})
	if err != nil {
		t.Fatal(err)
	}
	cancel() // is for the registering only
	entry, err := s.client().Lookup(t.Context(), loopbacks()[0], "f1")
	if err != nil || entry.Port != 9000 || !entry.Hidden() || entry.High != 6 {
		t.Errorf("%+v, %v", entry, err)
	}
	if _, err := s.client().Register(t.Context(), Registration{Name: "f1"}); !errors.Is(err, ErrNameTaken) {
		t.Errorf("second registration: %v", err)
	}
	select {
	case <-held.Lost():
		t.Error("lost")
	default:
	}
	for range 2 {
		if err := held.Close(); err != nil {
			t.Error(err)
		}
	}
	s.untilGone("f1")
	<-held.Lost()
	again, err := s.client().Register(t.Context(), Registration{Name: "f1"})
	if err != nil || again.Creation() != held.Creation()+1 {
		t.Errorf("again: %v, %v", again, err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-again.Lost():
	case <-time.After(patience):
		t.Error("the end of the server was not noticed")
	}
}

// A node that leaves and comes back at once gets its name again.
func TestCloseFreesTheName(t *testing.T) {
	c := serve(t, 0, ServerOptions{}).client()
	for i := range 200 {
		held, err := c.Register(t.Context(), Registration{Name: "phoenix", Port: 4711})
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if err := held.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPortFromEnv(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		port  uint16
		fails bool
	}{{"", 4369, false}, {"4370", 4370, false}, {"0", 0, true}, {"65536", 0, true}, {"abc", 0, true}, {"4370x", 0, true}}
	for _, tt := range tests {
		port, err := PortFromEnv(func(name string) string { return map[string]string{envPort: tt.value}[name] })
		if port != tt.port || (err != nil) != tt.fails {
			t.Errorf("%q: %d, %v", tt.value, port, err)
		}
	}
}
