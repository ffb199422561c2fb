package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"net/netip"
	"os"
	"testing"
	"time"
)

// testTLS is a certificate for loopback.
func testTLS(t *testing.T) *tls.Config {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}

// trusting is a client that believes in a server's certificate.
func trusting(server *tls.Config) *tls.Config {
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(server.Certificates[0].Certificate[0])
	if err == nil {
		roots.AddCert(leaf)
	}
	return &tls.Config{RootCAs: roots, ServerName: "example.com"} // httptest's certificate is for it
}

func freePort(t *testing.T, ip netip.Addr) int {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// ended reports whether the other side has closed a connection.
func ended(t *testing.T, c net.Conn) bool {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(limit))
	n, err := c.Read(make([]byte, 1))
	return n == 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// TestHandshakesAreBounded: who connects and says nothing is let go; so is, at
// once, who comes while too many others do. Then there is room again.
func TestHandshakesAreBounded(t *testing.T) {
	t.Parallel()
	const most = 3
	s := listen(t, Options{TLSPort: freePort(t, loopback), TLS: testTLS(t), greetings: most, greetingLimit: 4 * time.Second})
	addr, _ := s.TLS()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	var silent []net.Conn
	for range most {
		silent = append(silent, dial())
	}
	for end := time.Now().Add(limit); len(s.greeting) < most; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d handshakes are under way", len(s.greeting))
		}
	}
	if !ended(t, dial()) {
		t.Error("one too many was let in")
	}
	for i, c := range silent {
		if !ended(t, c) {
			t.Errorf("silent connection %d stays", i)
		}
	}
	c, err := tls.Dial("tcp", addr.String(), trusting(s.options.TLS))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	plain := dial()
	if _, err := plain.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for !ended(t, plain) { // an alert comes first
	}
}

// TestTLSPort: that of the claim, and one in use.
func TestTLSPort(t *testing.T) {
	n := freePort(t, loopback)
	s := listen(t, Options{PortMin: n, PortMax: n, TLSPort: n, TLS: testTLS(t)})
	addr, ok := s.TLS()
	if !ok || int(addr.Port()) != n {
		t.Errorf("TLS on %v, not on %d", addr, n)
	}
	c, err := tls.Dial("tcp", addr.String(), trusting(s.options.TLS))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, err := Listen(Options{ListenIP: loopback, TLSPort: n, TLS: s.options.TLS}); err == nil {
		t.Error("a port in use was taken")
	}
	if _, ok := listen(t, Options{TLSPort: freePort(t, loopback)}).TLS(); ok {
		t.Error("TLS without a certificate")
	}
}
