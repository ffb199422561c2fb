package node

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

func TestLinkOverTLS(t *testing.T) {
	for _, verify := range []string{VerifyPeer, VerifyChain, VerifyNone} {
		t.Run(verify, func(t *testing.T) {
			l, ca := newLab(t), newAuthority(t)
			o := ca.issue(t, t.TempDir(), leaf{hosts: map[string][]string{VerifyPeer: nil, VerifyChain: {"elsewhere"}, VerifyNone: {}}[verify]})
			o.Verify = verify
			if verify == VerifyNone {
				o.CACertFile = ""
			}
			a, b := l.start(t, "a@localhost", withTLS(o)), l.start(t, "b@localhost", withTLS(o))
			mustConnect(t, a, b.Name())
			if err := b.Ping(t.Context(), a.Name()); err != nil {
				t.Fatal(err)
			}
			conn, ok := a.reg.up(b.Name()).conn.(*secureConn)
			if !ok || conn.ConnectionState().Version != tls.VersionTLS13 {
				t.Fatalf("the link is a %T", a.reg.up(b.Name()).conn)
			}
			exchange(t, a, b)
			exchange(t, b, a)
		})
	}
}

// exchange sends small and large messages and checks that all arrive.
func exchange(t *testing.T, from, to *Node) {
	t.Helper()
	in := mailbox(t, to, "in")
	defer in.Close()
	out := mailbox(t, from, "")
	defer out.Close()
	big := bytes.Repeat([]byte("x"), 3<<20)
	for i := range 300 {
		var m etf.Term = int64(i)
		if i%100 == 50 {
			m = big
		}
		if err := out.Send(t.Context(), tuple(atom("in"), atom(to.Name())), m); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		got := receive[Message](t, in).Term
		if b, ok := got.([]byte); ok && i%100 == 50 && bytes.Equal(b, big) {
			continue
		}
		if got != etf.Term(int64(i)) {
			t.Fatalf("message %d is %T", i, got)
		}
	}
}

func TestTLSErrors(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	issue := func(by *authority, trust *authority, l leaf) *TLSOptions {
		dir := t.TempDir()
		o := by.issue(t, dir, l)
		writePEM(t, o.CACertFile, "CERTIFICATE", trust.cert.Raw)
		return o
	}
	good := issue(ca, ca, leaf{})
	for name, tc := range map[string]struct {
		dialler, acceptor *TLSOptions
		want              []error // of the dialling side, one of these
		text              string
	}{
		"a plain node dials":        {nil, good, []error{ErrClosedByPeer, ErrTLSMismatch}, ""},
		"a plain node is dialled":   {good, nil, []error{ErrClosedByPeer}, "may not speak TLS"},
		"acceptor of an unknown CA": {good, issue(other, ca, leaf{}), []error{ErrCertificate}, "unknown authority"},
		"acceptor on another host":  {good, issue(ca, ca, leaf{hosts: []string{"elsewhere"}}), []error{ErrCertificate}, "valid for elsewhere, not localhost"},
		"acceptor out of date":      {good, issue(ca, ca, leaf{until: time.Now().Add(-time.Minute)}), []error{ErrCertificate}, "expired"},
		"acceptor for clients only": {good, issue(ca, ca, leaf{use: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}), []error{ErrCertificate}, "incompatible key usage"},
		"dialler of an unknown CA":  {issue(other, ca, leaf{}), good, []error{ErrCertificateRefused, ErrClosedByPeer}, ""},
		"dialler out of date":       {issue(ca, ca, leaf{until: time.Now().Add(-time.Minute)}), good, []error{ErrCertificateRefused, ErrClosedByPeer}, ""},
		"dialler for servers only":  {issue(ca, ca, leaf{use: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}), good, []error{ErrCertificateRefused, ErrClosedByPeer}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			a, b := l.start(t, "a@localhost", withTLS(tc.dialler)), l.start(t, "b@localhost", withTLS(tc.acceptor))
			_, err := a.Connect(t.Context(), b.Name())
			found := false
			for _, want := range tc.want {
				found = found || errors.Is(err, want)
			}
			if !found || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%v", err)
			}
			within(t, time.Second, "both have forgotten it", func() bool { return b.lobby.size() == 0 && len(a.ConnectedNodes()) == 0 })
		})
	}
}

// TestAcceptorTellsTLSMistakes looks at what the accepting side makes of them.
func TestAcceptorTellsTLSMistakes(t *testing.T) {
	ca := newAuthority(t)
	o := ca.issue(t, t.TempDir(), leaf{})
	secure, err := newSecurity(o, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		say  func(net.Conn)
		want error
	}{
		"a plain node": {func(c net.Conn) { _, _ = c.Write([]byte{0, 24, 'N', 0, 0, 0, 0, 0, 0, 0}) }, ErrTLSMismatch},
		"HTTP":         {func(c net.Conn) { _, _ = c.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }, ErrTLS},
		"no certificate": {func(c net.Conn) {
			_ = tls.Client(c, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(t.Context())
		}, ErrCertificate},
		"an old version": {func(c net.Conn) {
			_ = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}).HandshakeContext(t.Context())
		}, ErrTLS},
		"nothing at all":   {func(net.Conn) {}, ErrClosedByPeer},
		"an endless hello": {endless, ErrTLS},
	} {
		t.Run(name, func(t *testing.T) {
			here, there := loopbackPair(t)
			go func() {
				tc.say(there)
				_ = there.(*net.TCPConn).CloseWrite()
			}()
			_, err := secure.accept(t.Context(), here)
			if !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

// endless begins a client's greeting of 65,000 bytes in records of 16 KiB.
func endless(c net.Conn) {
	record := append([]byte{22, 3, 1, 0x40, 0}, make([]byte, 1<<14)...)
	first := bytes.Clone(record)
	first[5] = 1 // ClientHello
	binary.BigEndian.PutUint32(first[5:], 1<<24|65000)
	_, _ = c.Write(first)
	for range 3 {
		_, _ = c.Write(record)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func loopbackPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if b, err = net.Dial("tcp", l.Addr().String()); err == nil {
		a, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// TestCertificatesAreReadAgain renews a node's certificate, and then the
// authority, while a link is up.
func TestCertificatesAreReadAgain(t *testing.T) {
	l, ca := newLab(t), newAuthority(t)
	dir := t.TempDir()
	o := ca.issue(t, dir, leaf{serial: 10})
	before := time.Now().Add(-time.Hour) // whatever the clock of the file system is worth
	if err := errors.Join(os.Chtimes(o.CertFile, before, before), os.Chtimes(o.KeyFile, before, before)); err != nil {
		t.Fatal(err)
	}
	a, b := l.start(t, "a@localhost", withTLS(o)), l.start(t, "b@localhost", withTLS(o))
	serial := func(n *Node) int64 {
		mustConnect(t, n, b.Name())
		return n.reg.up(b.Name()).conn.(*secureConn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if s := serial(a); s != 10 {
		t.Errorf("serial %d", s)
	}
	ca.issue(t, dir, leaf{serial: 11})
	if s := serial(l.start(t, "c@localhost", withTLS(o))); s != 11 {
		t.Errorf("after the renewal: serial %d", s)
	}
	if err := os.WriteFile(o.KeyFile, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.tls.files.current().own.Leaf.SerialNumber.Int64(); got != 11 {
		t.Errorf("a broken key: serial %d", got)
	}
	newAuthority(t).issue(t, dir, leaf{serial: 12})
	if s := serial(l.start(t, "d@localhost", withTLS(o))); s != 12 {
		t.Errorf("with another authority: serial %d", s)
	}
	if err := a.Ping(t.Context(), b.Name()); err != nil {
		t.Errorf("the first link: %v", err)
	}
}

func TestNamesInCertificates(t *testing.T) {
	_, loopback6, _ := net.ParseCIDR("::1/128")
	for _, tc := range []struct {
		cert x509.Certificate
		host string
		ok   bool
	}{
		{x509.Certificate{DNSNames: []string{"a.example.com"}}, "a.example.com", true},
		{x509.Certificate{DNSNames: []string{"*.example.com"}}, "a.example.com", true},
		{x509.Certificate{DNSNames: []string{"*.example.com"}}, "example.com", false},
		{x509.Certificate{DNSNames: []string{"10.0.0.1"}}, "10.0.0.1", true},
		{x509.Certificate{DNSNames: []string{"10.0.0.1"}}, "10.0.0.2", false},
		{x509.Certificate{IPAddresses: []net.IP{loopback6.IP}}, "::1", true},
		{x509.Certificate{IPAddresses: []net.IP{loopback6.IP}}, "127.0.0.1", false},
	} {
		if err := verifyName(&tc.cert, tc.host); (err == nil) != tc.ok {
			t.Errorf("%v %v for %s: %v", tc.cert.DNSNames, tc.cert.IPAddresses, tc.host, err)
		}
	}
}

func TestTLSOptionsAreChecked(t *testing.T) {
	l, ca := newLab(t), newAuthority(t)
	good := ca.issue(t, t.TempDir(), leaf{})
	for text, change := range map[string]func(*TLSOptions){
		"no such file":             func(o *TLSOptions) { o.CertFile += "x" },
		"needs CertFile":           func(o *TLSOptions) { o.KeyFile = "" },
		"a CACertFile is missing":  func(o *TLSOptions) { o.CACertFile = "" },
		"no certificate in it":     func(o *TLSOptions) { o.CACertFile = o.KeyFile },
		"want peer, chain or none": func(o *TLSOptions) { o.Verify = "full" },
	} {
		o := *good
		change(&o)
		if _, err := l.try(t, "a@localhost", withTLS(&o)); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// TestPeersThatDoNotReadDelayNoEnd: saying goodbye is bounded.
func TestPeersThatDoNotReadDelayNoEnd(t *testing.T) {
	ca := newAuthority(t)
	o := ca.issue(t, t.TempDir(), leaf{})
	secure, err := newSecurity(o, quiet())
	if err != nil {
		t.Fatal(err)
	}
	here, there := loopbackPair(t)
	done := make(chan error, 1)
	go func() {
		_, err := secure.accept(t.Context(), there)
		done <- err
	}()
	conn, err := secure.dial(t.Context(), here, "localhost")
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_ = conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for err = nil; err == nil; {
		_, err = conn.Write(make([]byte, 1<<16))
	}
	begin := time.Now()
	_ = conn.Close()
	if took := time.Since(begin); took > slack*time.Second {
		t.Errorf("closing took %v", took)
	}
}

// TestStrangerCostsLittle holds connections at the dearest points that a peer
// without a certificate can bring a node to.
func TestStrangerCostsLittle(t *testing.T) {
	const strangers = 60
	const limit = 64 << 10
	ca := newAuthority(t)
	for name, o := range map[string]*TLSOptions{"plain": nil, "TLS": ca.issue(t, t.TempDir(), leaf{})} {
		t.Run(name, func(t *testing.T) {
			n := newLab(t).start(t, "go@localhost", withTLS(o), func(o *Options) { o.SetupTime = time.Minute })
			goroutines, before := runtime.NumGoroutine(), heap()
			for range strangers {
				conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port()))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				if o == nil {
					_, err = conn.Write([]byte{8, 0, 'N'}) // the longest message there may be
				} else {
					// A greeting of which all but the end of the bound has come.
					record := append([]byte{22, 3, 1, 0x3e, 0x80}, make([]byte, 16000)...)
					binary.BigEndian.PutUint32(record[5:], 1<<24|65000)
					_, err = conn.Write(append(record, append([]byte{22, 3, 1, 0x01, 0x40}, make([]byte, 300)...)...))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			within(t, time.Second, "all in the lobby", func() bool { return n.lobby.size() == strangers })
			time.Sleep(50 * time.Millisecond) // lets them read what has come
			each := (heap() - before) / strangers
			extra := float64(runtime.NumGoroutine()-goroutines) / strangers
			t.Logf("%d bytes and %.2f goroutines each", each, extra)
			if each > limit || extra > 1.1 {
				t.Errorf("each costs %d bytes and %.2f goroutines", each, extra)
			}
		})
	}
}

// TestStrangerIsNotWaitedFor has a stranger that never ends its first message, a
// byte at a time: it is cut off after the time that a handshake may take.
func TestStrangerIsNotWaitedFor(t *testing.T) {
	if o, err := (Options{Name: "go@localhost", Cookie: "secret"}).withDefaults(); err != nil || o.SetupTime != 7*time.Second {
		t.Errorf("a handshake may take %v; %v", o.SetupTime, err)
	}
	for name, o := range map[string]*TLSOptions{"plain": nil, "TLS": newAuthority(t).issue(t, t.TempDir(), leaf{})} {
		t.Run(name, func(t *testing.T) {
			n := newLab(t).start(t, "go@localhost", withTLS(o), func(o *Options) { o.SetupTime = 300 * time.Millisecond })
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port()))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			first := []byte{8, 0, 'N'}
			if o != nil {
				first = []byte{22, 3, 1, 0x3e, 0x80}
			}
			_, err = conn.Write(first)
			for range 1000 { // some 10 s
				if err != nil {
					break
				}
				time.Sleep(10 * time.Millisecond)
				_, err = conn.Write([]byte{0})
			}
			if err == nil {
				t.Error("never cut off")
			}
			within(t, time.Second, "nobody in the lobby", func() bool { return n.lobby.size() == 0 })
		})
	}
}

// heap is the memory in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

func TestSpeaksTLSToAPlainNode(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	here, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if err := tls.Client(here, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(t.Context()); err == nil {
		t.Error("a TLS handshake with a plain node")
	}
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		_, _ = b.Write([]byte{22, 3, 1, 2, 0, 1})
		_ = b.Close()
	}()
	_, err = dist.Respond(t.Context(), a, dist.Local{Name: "a@h", Flags: dist.DefaultFlags}, nil)
	if !errors.Is(handshakeError("", err), ErrTLSMismatch) {
		t.Error(err)
	}
}
