package epmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// maxSockets bounds the addresses of one server.
const maxSockets = 16

// target is one address to listen on.
type target struct {
	addr     netip.Addr
	optional bool // a failure other than "in use" is tolerated
}

func loopbacks() []netip.Addr {
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
}

// targets says where to listen for a list of addresses as -address and
// ERL_EPMD_ADDRESS take it, separated by commas or spaces. An empty list means
// all addresses of the host. The loopback addresses are always among them, and
// may fail where the host lacks one of the two protocols.
func targets(list string) ([]target, error) {
	fields := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(fields) == 0 {
		return []target{{addr: netip.IPv4Unspecified()}, {addr: netip.IPv6Unspecified()}}, nil
	}
	var given []netip.Addr
	for _, field := range fields {
		addr, err := netip.ParseAddr(field)
		if err != nil {
			return nil, fmt.Errorf("cannot parse IP address %q", field)
		}
		given = append(given, addr.Unmap())
	}
	var out []target
	for _, addr := range append(loopbacks(), given...) {
		optional := slices.Contains(loopbacks(), addr)
		if !covered(addr, out, given) {
			out = append(out, target{addr: addr, optional: optional})
		}
	}
	if len(out) > maxSockets {
		return nil, fmt.Errorf("cannot listen on more than %d IP addresses", maxSockets)
	}
	return out, nil
}

// covered reports whether addr needs no socket of its own: it is there already,
// or the list names the "all addresses" of its family.
func covered(addr netip.Addr, out []target, given []netip.Addr) bool {
	if slices.ContainsFunc(out, func(t target) bool { return t.addr == addr }) {
		return true
	}
	all := netip.IPv6Unspecified()
	if addr.Is4() {
		all = netip.IPv4Unspecified()
	}
	return addr != all && slices.Contains(given, all)
}

// listenAll opens all targets on one port, or none. Port 0 means any port that
// is free on all of them. An error wraps ErrInUse when another process has the
// port.
func listenAll(ctx context.Context, all []target, port uint16) ([]net.Listener, uint16, error) {
	const tries = 20
	for try := 1; ; try++ {
		listeners, got, err := listenOnce(ctx, all, port)
		if err == nil || port != 0 || try == tries || !errors.Is(err, ErrInUse) {
			return listeners, got, err
		}
	}
}

func listenOnce(ctx context.Context, all []target, port uint16) ([]net.Listener, uint16, error) {
	var listeners []net.Listener
	var tolerated error
	for _, t := range all {
		l, err := listenOn(ctx, t.addr, port)
		switch {
		case err == nil:
			listeners = append(listeners, l)
			port = uint16(l.Addr().(*net.TCPAddr).Port)
		case tolerable(t, err):
			tolerated = err
		default:
			closeAll(listeners)
			return nil, 0, err
		}
	}
	if len(listeners) == 0 {
		return nil, 0, fmt.Errorf("no address to listen on: %w", tolerated)
	}
	return listeners, port, nil
}

func listenOn(ctx context.Context, addr netip.Addr, port uint16) (net.Listener, error) {
	network := "tcp4"
	if addr.Is6() {
		network = "tcp6" // Go makes it an IPv6-only socket
	}
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: false}, KeepAlive: -1}
	l, err := config.Listen(ctx, network, net.JoinHostPort(addr.String(), strconv.Itoa(int(port))))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return l, err
}

func tolerable(t target, err error) bool {
	if errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EPROTONOSUPPORT) {
		return true // no IPv6, or no IPv4, in this kernel
	}
	return t.optional && !errors.Is(err, ErrInUse)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // nothing to do about it
	}
}
