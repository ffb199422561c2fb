//go:build linux

package transport

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// askHome makes the kernel tell with each datagram where it was sent to
// (ip(7) IP_PKTINFO, RFC 3542 §6.2).
func askHome(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var domain int
		if domain, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN); failed != nil {
			return
		}
		if domain == unix.AF_INET6 { // this one tells of IPv4 too, mapped
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		} else {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// homeOf is the address in a control message.
func homeOf(control []byte) (netip.Addr, bool) {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		switch {
		case err != nil:
			return netip.Addr{}, false
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(data)), true
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[4:])), true // ipi_spec_dst; of a broadcast it is ours, too
		}
		control = rest
	}
	return netip.Addr{}, false
}

// homeControl is the control message that makes an answer come from addr. The
// interface is left to the routes, but for an address that means nothing
// without it.
func homeControl(addr netip.Addr, got []byte) []byte {
	if addr.Is4() {
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: addr.As4()})
	}
	info := &unix.Inet6Pktinfo{Addr: addr.As16()}
	if addr.IsLinkLocalUnicast() {
		_, data, _, err := unix.ParseOneSocketControlMessage(got)
		if err == nil && len(data) >= unix.SizeofInet6Pktinfo {
			info.Ifindex = binary.NativeEndian.Uint32(data[16:])
		}
	}
	return unix.PktInfo6(info)
}
