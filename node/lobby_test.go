package node

import (
	"net"
	"testing"
)

// stranger is a connection from an address.
type stranger struct {
	net.Conn
	from   string
	closed bool
}

func (s *stranger) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(addrPort(s.from))
}

func (s *stranger) Close() error {
	s.closed = true
	return nil
}

func TestLobbyClosesTheOldest(t *testing.T) {
	b := newLobby()
	enter := func(from string) (*stranger, *guest) {
		s := &stranger{from: from}
		return s, b.enter(s)
	}
	first, _ := enter("192.0.2.1:1")
	second, g2 := enter("192.0.2.1:2")
	b.leave(g2)
	b.leave(g2)
	for range maxGuestsPerAddress {
		enter("192.0.2.1:3")
	}
	if !first.closed || second.closed || b.size() != maxGuestsPerAddress {
		t.Errorf("first closed %v, second closed %v, %d guests", first.closed, second.closed, b.size())
	}
	other, _ := enter("192.0.2.2:1")
	local := &stranger{}
	for range maxGuests {
		local, _ = enter("127.0.0.1:1")
	}
	if !other.closed || local.closed || b.size() != maxGuests {
		t.Errorf("other closed %v, last local closed %v, %d guests", other.closed, local.closed, b.size())
	}
}
