package main

import (
	"net"
	"net/netip"
	"testing"
)

// An EPMD on one loopback address is refused at others, and only then is there
// something to warn of.
func TestEPMDOnLoopbackOnly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	here, there := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	for _, c := range []struct {
		addrs []netip.Addr
		want  bool
	}{
		{nil, false}, {[]netip.Addr{here}, false}, {[]netip.Addr{there}, true}, {[]netip.Addr{there, here}, false},
	} {
		if got := refusedAtAll(t.Context(), c.addrs, port); got != c.want {
			t.Errorf("refused at all of %v: %v", c.addrs, got)
		}
	}
	for _, addr := range ownAddresses() {
		if addr.IsLoopback() {
			t.Errorf("%v is no address for others", addr)
		}
	}
}
