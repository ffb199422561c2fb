package epmd

import (
	"net"
	"net/netip"
	"syscall"
)

// localPeer reports whether the other end of conn is on this host: its address
// is a loopback address, or the very address that it connected to. Only such
// clients may register, dump, kill and stop.
func localPeer(conn net.Conn) bool {
	remote, ok := address(conn.RemoteAddr())
	if !ok {
		return false
	}
	if remote.IsLoopback() {
		return true
	}
	local, ok := address(conn.LocalAddr())
	return ok && remote == local
}

func address(a net.Addr) (netip.Addr, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	return ip, ip.IsValid()
}

// descriptor is the file descriptor of conn, 0 when it has none.
func descriptor(conn net.Conn) int {
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return 0
	}
	number := 0
	if err := raw.Control(func(fd uintptr) { number = int(fd) }); err != nil {
		return 0
	}
	return number
}
