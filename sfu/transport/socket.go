package transport

import (
	"log/slog"
	"net"
	"net/netip"
)

// Options configures the media socket.
type Options struct {
	AdvertiseIP      netip.Addr // what clients are told
	ListenIP         netip.Addr // what sockets bind to
	PortMin, PortMax int        // range of the UDP port
	TCPPort          int        // TURN over TCP; 0: none
	Logger           *slog.Logger
}

// Socket is the media socket.
type Socket struct {
	udp *net.UDPConn
}

// Listen claims a port and begins to read.
func Listen(o Options) (*Socket, error) {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(o.ListenIP, uint16(o.PortMin))))
	if err != nil {
		return nil, err
	}
	return &Socket{udp: udp}, nil
}

// LocalAddr is the UDP address the socket is bound to.
func (s *Socket) LocalAddr() netip.AddrPort { return s.udp.LocalAddr().(*net.UDPAddr).AddrPort() }

// Close closes the socket.
func (s *Socket) Close() error { return s.udp.Close() }
