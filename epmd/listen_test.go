package epmd

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	tests := []struct{ list, want string }{
		{"", "0.0.0.0 ::"},
		{" ,, ", "0.0.0.0 ::"},
		{"127.0.0.1", "127.0.0.1? ::1?"},
		{"::1", "127.0.0.1? ::1?"},
		{"192.0.2.1", "127.0.0.1? ::1? 192.0.2.1"},
		{"192.0.2.1,2001:db8::1 192.0.2.1", "127.0.0.1? ::1? 192.0.2.1 2001:db8::1"},
		{"127.0.0.2", "127.0.0.1? ::1? 127.0.0.2"},
		{"0.0.0.0", "::1? 0.0.0.0"},
		{"::", "127.0.0.1? ::"},
		{"0.0.0.0, ::, 192.0.2.1", "0.0.0.0 ::"},
		{"::ffff:192.0.2.1", "127.0.0.1? ::1? 192.0.2.1"},
	}
	for _, tt := range tests {
		all, err := targets(tt.list)
		if err != nil {
			t.Errorf("%q: %v", tt.list, err)
		}
		var got []string
		for _, target := range all {
			text := target.addr.String()
			if target.optional {
				text += "?"
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q: %s", tt.list, diff)
		}
	}
}

func TestTargetsErrors(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("192.0.2.%d", i+1))
		}
		return strings.Join(list, ",")
	}
	if _, err := targets(many(14)); err != nil {
		t.Errorf("16 sockets: %v", err)
	}
	for _, list := range []string{many(15), "localhost", "1.2.3", "192.0.2.1;192.0.2.2"} {
		if _, err := targets(list); err == nil {
			t.Errorf("%q accepted", list)
		}
		if err := NewServer(ServerOptions{}).Listen(t.Context(), list, 0); err == nil {
			t.Errorf("listens on %q", list)
		}
	}
}

// TestListenInUse: one address in use is enough, and nothing stays open.
func TestListenInUse(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		l, err := net.Listen("tcp", taken)
		if err != nil {
			t.Fatal(err)
		}
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		for _, addresses := range []string{"", "127.0.0.1"} {
			server := NewServer(ServerOptions{})
			if err := server.Listen(t.Context(), addresses, port); !errors.Is(err, ErrInUse) {
				t.Errorf("%s taken, listen on %q: %v", taken, addresses, err)
			}
			server.Close()
		}
		l.Close()
	}
}

func TestListenMany(t *testing.T) {
	t.Parallel()
	server := NewServer(ServerOptions{})
	if err := server.Listen(t.Context(), "127.0.0.2,127.0.0.3 127.0.0.4", 0); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if n := len(server.listeners); n != 5 {
		t.Errorf("%d sockets", n)
	}
	for _, l := range server.listeners {
		if uint16(l.Addr().(*net.TCPAddr).Port) != server.Port() {
			t.Errorf("%s is not on port %d", l.Addr(), server.Port())
		}
	}
}

func TestTolerable(t *testing.T) {
	t.Parallel()
	inUse := fmt.Errorf("%w: %w", ErrInUse, syscall.EADDRINUSE)
	tests := []struct {
		optional bool
		err      error
		want     bool
	}{
		{false, syscall.EAFNOSUPPORT, true},
		{false, syscall.EPROTONOSUPPORT, true},
		{false, syscall.EADDRNOTAVAIL, false},
		{true, syscall.EADDRNOTAVAIL, true},
		{true, inUse, false},
	}
	for _, tt := range tests {
		if got := tolerable(target{optional: tt.optional}, tt.err); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
