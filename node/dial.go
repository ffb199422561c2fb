package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node/dist"
)

// maxAddresses bounds the addresses of one host that are tried.
const maxAddresses = 8

// reach opens a connection to the distribution port of a node. The addresses
// of its host are tried in turn, IPv4 first, each with an even share of the
// time that is left; EPMD is asked on the address that is then dialled. The
// error is that of the address that got farthest.
func (n *Node) reach(ctx context.Context, name Name) (net.Conn, error) {
	addrs, err := resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	var best error
	reached := -1
	for i, addr := range addrs {
		share, cancel := withShare(ctx, len(addrs)-i)
		conn, step, err := n.reachAt(share, addr, name)
		cancel()
		if err == nil {
			return conn, nil
		}
		if step > reached {
			reached, best = step, fmt.Errorf("%s: %w", addr, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, best
}

// reachAt tries one address; step says how far it got.
func (n *Node) reachAt(ctx context.Context, addr netip.Addr, name Name) (conn net.Conn, step int, err error) {
	if n.opts.Allow != nil && !n.opts.Allow(name.String(), addr) {
		return nil, 0, &NameRefusedError{Peer: name.String(), Status: dist.StatusNotAllowed, ByUs: true}
	}
	port := n.opts.PeerPort
	if n.opts.EPMD != EPMDOff {
		entry, err := n.epmd.Lookup(ctx, addr, name.Alive)
		if err != nil {
			return nil, 0, epmdError(err)
		}
		port = int(entry.Port)
	}
	var dialer net.Dialer
	conn, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort(addr.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, 1, dialError(err)
	}
	secure, err := n.tls.dial(ctx, conn, name.Host)
	if err != nil {
		_ = conn.Close() // the handshake failed
		return nil, 2, err
	}
	return secure, 3, nil
}

// withShare gives one of several steps its part of the time until the deadline.
func withShare(ctx context.Context, steps int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || steps < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(steps))
}

// resolve returns the addresses of a host, IPv4 before IPv6.
func resolve(ctx context.Context, name Name) ([]netip.Addr, error) {
	if addr, ok := name.Literal(); ok {
		return []netip.Addr{addr}, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name.Host)
	if err != nil || len(found) == 0 {
		return nil, as(ErrHostUnresolvable, fmt.Errorf("host %q: %w", name.Host, err))
	}
	var v4, v6 []netip.Addr
	for _, addr := range found {
		if addr = addr.Unmap(); addr.Is4() {
			v4 = append(v4, addr)
		} else {
			v6 = append(v6, addr)
		}
	}
	all := append(v4, v6...)
	return all[:min(len(all), maxAddresses)], nil
}

// epmdClient is what dialling needs of an EPMD client.
var _ interface {
	Lookup(ctx context.Context, addr netip.Addr, name string) (epmd.Entry, error)
} = (*epmd.Client)(nil)
