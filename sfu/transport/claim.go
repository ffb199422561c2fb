package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// ErrNoPort says that no port of the range is free.
var ErrNoPort = errors.New("no free media port")

// claim takes the first port of the range that nobody has: a TCP listener on
// the number, kept for the process's life, keeps other nodes of the host away,
// whatever they do to share UDP ports.
func claim(ip netip.Addr, from, to int) (*net.UDPConn, *net.TCPListener, error) {
	var last error
	for port, tries := from, anyTries; port <= to; port++ {
		udp, guard, err := claimOne(netip.AddrPortFrom(ip, uint16(port)))
		if err == nil {
			return udp, guard, nil
		}
		last = err
		if tries--; port == 0 && tries > 0 {
			port-- // again: the kernel picked a number that UDP has in use
		}
	}
	return nil, nil, fmt.Errorf("%w in %d-%d on %v: %w", ErrNoPort, from, to, ip, last)
}

// anyTries is how often the kernel may pick a port, when any will do.
const anyTries = 20

func claimOne(addr netip.AddrPort) (*net.UDPConn, *net.TCPListener, error) {
	guard, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return nil, nil, err
	}
	number := guard.Addr().(*net.TCPAddr).AddrPort().Port() // when addr says 0: any
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr.Addr(), number)))
	if err != nil {
		_ = guard.Close()
		return nil, nil, err
	}
	return udp, guard, nil
}
