package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// resolveOwn bounds the resolution of our own host part at start.
const resolveOwn = 2 * time.Second

// listenAddresses says where the node listens. nil means all addresses, IPv4
// and IPv6. Without a choice of the user a node whose host part resolves to
// loopback, such as f1@localhost, stays on loopback.
func listenAddresses(ctx context.Context, ip string, name Name) ([]netip.Addr, error) {
	if ip != "" {
		addr, err := netip.ParseAddr(ip)
		if err != nil {
			return nil, fmt.Errorf("listen address %q: %w", ip, err)
		}
		if addr == netip.IPv6Unspecified() {
			return nil, nil
		}
		return []netip.Addr{addr}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveOwn)
	defer cancel()
	addrs, err := resolve(ctx, name)
	if err != nil || !slices.ContainsFunc(addrs, netip.Addr.IsLoopback) {
		return nil, nil // others may be able to resolve what we cannot
	}
	out := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	for _, addr := range addrs {
		if addr.IsLoopback() && !slices.Contains(out, addr) {
			out = append(out, addr) // such as 127.0.1.1 of Debian
		}
	}
	return out, nil
}

// listenRange listens on the first port of the range that is free on all
// addresses; minPort 0 means any.
func listenRange(ctx context.Context, addrs []netip.Addr, minPort, maxPort int) ([]net.Listener, int, error) {
	if minPort == 0 {
		const tries = 20 // a port free on one address may be taken on the other
		for try := 1; ; try++ {
			listeners, port, err := listenOn(ctx, addrs, 0)
			if err == nil || try == tries || !errors.Is(err, syscall.EADDRINUSE) {
				return listeners, port, err
			}
		}
	}
	for port := minPort; port <= maxPort; port++ {
		listeners, _, err := listenOn(ctx, addrs, port)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return listeners, port, err
		}
	}
	return nil, 0, fmt.Errorf("ports %d-%d: %w", minPort, maxPort, ErrPortsInUse)
}

// listenOn listens on one port of all addresses, or of none. Port 0 means any.
func listenOn(ctx context.Context, addrs []netip.Addr, port int) ([]net.Listener, int, error) {
	if addrs == nil {
		addrs = []netip.Addr{{}}
	}
	var listeners []net.Listener
	var missing error
	for _, addr := range addrs {
		l, err := listenAt(ctx, addr, port)
		switch {
		case err == nil:
			listeners = append(listeners, l)
			port = l.Addr().(*net.TCPAddr).Port
		case len(addrs) > 1 && lacksFamily(err):
			missing = err // a host without IPv6
		default:
			closeAll(listeners)
			return nil, 0, fmt.Errorf("listen for the distribution: %w", err)
		}
	}
	if len(listeners) == 0 {
		return nil, 0, fmt.Errorf("listen for the distribution: %w", missing)
	}
	return listeners, port, nil
}

// listenAt listens on one address; the zero address means all, IPv4 and IPv6.
func listenAt(ctx context.Context, addr netip.Addr, port int) (net.Listener, error) {
	network, host := "tcp", ""
	switch {
	case addr.Is4():
		network, host = "tcp4", addr.String()
	case addr.IsValid():
		network, host = "tcp6", addr.String()
	}
	var config net.ListenConfig
	return config.Listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(port)))
}

func lacksFamily(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) ||
		errors.Is(err, syscall.EPROTONOSUPPORT)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // nothing to do about it
	}
}

func addressesOf(listeners []net.Listener) []string {
	var out []string
	for _, l := range listeners {
		out = append(out, l.Addr().String())
	}
	return out
}
