package transport

import (
	"net"
	"net/netip"
)

// home is the address of ours that a client sends to. A socket that is bound
// to all addresses must say it with each answer: the kernel would else take
// the address that its routes prefer, and the client drops what comes from an
// address that it has not asked.
type home struct {
	addr    netip.Addr
	control []byte // what to send along
}

// maxHomes bounds those that are kept; a host has fewer addresses.
const maxHomes = 1024

// homes reads the datagrams of a socket and tells where each was sent to. One
// goroutine uses it.
type homes struct {
	conn  *net.UDPConn
	told  bool // the socket is bound to all addresses, and the kernel tells
	known map[netip.Addr]*home
	space [128]byte
}

func newHomes(conn *net.UDPConn, bound netip.Addr) *homes {
	h := &homes{conn: conn, known: map[netip.Addr]*home{}}
	h.told = bound.IsUnspecified() && askHome(conn) == nil
	return h
}

// read is the next datagram; at is nil where there is only one home.
func (h *homes) read(b []byte) (n int, from netip.AddrPort, at *home, err error) {
	if !h.told {
		n, from, err = h.conn.ReadFromUDPAddrPort(b)
		return n, from, nil, err
	}
	n, size, _, from, err := h.conn.ReadMsgUDPAddrPort(b, h.space[:])
	if err != nil {
		return n, from, nil, err
	}
	return n, from, h.find(h.space[:size]), nil
}

// find is the home that a control message of the kernel tells of.
func (h *homes) find(control []byte) *home {
	addr, ok := homeOf(control)
	if !ok {
		return nil
	}
	at := h.known[addr]
	if at == nil {
		at = &home{addr: addr, control: homeControl(addr, control)}
		if len(h.known) < maxHomes {
			h.known[addr] = at
		}
	}
	return at
}
