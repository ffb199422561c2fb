package transport

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	prtp "github.com/pion/rtp"
	psrtp "github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/deadline"
	pturn "github.com/pion/turn/v5"

	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/srtp"
)

// wireLimit bounds each step of TestWire.
const wireLimit = 20 * time.Second

// TestWire: ICE, DTLS and SRTP both ways over every kind of path, with Pion's
// TURN client, DTLS and SRTP on the other side.
func TestWire(t *testing.T) {
	for _, at := range []struct{ listen, told string }{
		{"127.0.0.1", "127.0.0.1"},
		{"::1", "::1"},
		{"0.0.0.0", "127.0.0.7"}, // an address that no route prefers
		{"::", "127.0.0.7"},
		{"::", "::1"},
	} {
		probe, err := net.Listen("tcp", net.JoinHostPort(at.told, "0"))
		if err != nil {
			t.Logf("no %s here: %v", at.told, err)
			continue
		}
		_ = probe.Close()
		for _, kind := range []string{"direct", "TURN over UDP", "TURN over TCP", "TURN over TLS"} {
			t.Run(at.told+" of "+at.listen+" "+kind, func(t *testing.T) {
				t.Parallel()
				checkWire(t, netip.MustParseAddr(at.listen), netip.MustParseAddr(at.told), kind)
			})
		}
	}
}

// echo is a handler that keeps what comes.
type echo struct {
	ready chan struct{}
	mu    sync.Mutex
	got   [][]byte
}

func (e *echo) Ready()        { close(e.ready) }
func (e *echo) Confirmed(int) {}
func (e *echo) RTP(batch []*rtp.Packet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range batch {
		e.got = append(e.got, append([]byte(nil), p.Payload()...))
	}
}
func (e *echo) RTCP([]byte, int64) {}
func (e *echo) Tick(int64)         {}
func (e *echo) Failed(error)       {}

func checkWire(t *testing.T, ip, told netip.Addr, kind string) {
	o := Options{ListenIP: ip, AdvertiseIP: told}
	switch kind {
	case "TURN over TCP":
		o.TCPPort = freePort(t, ip)
	case "TURN over TLS":
		o.TLSPort, o.TLS = freePort(t, ip), testTLS(t)
	}
	s := listen(t, o)
	h := &echo{ready: make(chan struct{})}
	c, err := s.NewSession("x", h)
	if err != nil {
		t.Fatal(err)
	}
	conn := newWire(t, dialWire(t, s, kind))
	cert, print, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	local, err := c.Answer(Remote{Fragment: "frag", Password: "password", Fingerprint: print})
	if err != nil {
		t.Fatal(err)
	}
	server := net.UDPAddrFromAddrPort(s.Candidate())
	nominate(t, conn, server, local)
	out, in := handshakeWire(t, conn, server, cert)
	select {
	case <-h.ready:
	case <-time.After(wireLimit):
		t.Fatal("not ready")
	}
	send := sendUntil(t, conn, server, out, h)
	receiveOne(t, c, conn, in)
	if r := c.Route(); r.Relayed() != (kind != "direct") {
		t.Errorf("relayed: %v", r.Relayed())
	}
	t.Logf("%d packets sent until one came", send)
}

// wire is the client's end: what arrives is DTLS, for its connection, or else
// for the test.
type wire struct {
	net.PacketConn
	secure, rest chan []byte
	done         chan struct{}
	limit        *deadline.Deadline
}

func newWire(t *testing.T, under net.PacketConn) *wire {
	t.Helper()
	w := &wire{
		PacketConn: under, secure: make(chan []byte, 1000), rest: make(chan []byte, 1000), done: make(chan struct{}), limit: deadline.New(),
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		w.sort()
	}()
	t.Cleanup(func() {
		_ = under.Close()
		<-gone
	})
	return w
}

func (w *wire) sort() {
	b := make([]byte, 2000)
	for {
		n, _, err := w.PacketConn.ReadFrom(b)
		if err != nil {
			close(w.done)
			return
		}
		to := w.rest
		if isDTLS(b[:n]) {
			to = w.secure
		}
		select {
		case to <- append([]byte(nil), b[:n]...):
		default:
		}
	}
}

// ReadFrom is for DTLS.
func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-w.secure:
		return copy(b, p), w.LocalAddr(), nil
	case <-w.done:
		return 0, nil, net.ErrClosed
	case <-w.limit.Done():
		return 0, nil, w.limit.Err()
	}
}

func (w *wire) SetDeadline(at time.Time) error     { return w.SetReadDeadline(at) }
func (w *wire) SetReadDeadline(at time.Time) error { w.limit.Set(at); return nil }
func (w *wire) Close() error                       { return nil }

// next is what is no DTLS, nil: nothing in time.
func (w *wire) next(wait time.Duration) []byte {
	select {
	case b := <-w.rest:
		return b
	case <-time.After(wait):
		return nil
	}
}

// choosy drops what comes from another address than the one it asks, as NATs
// and browsers do.
type choosy struct {
	net.PacketConn
	from netip.AddrPort
}

func (c *choosy) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		if a := from.(*net.UDPAddr).AddrPort(); a.Addr().Unmap() == c.from.Addr() && a.Port() == c.from.Port() {
			return n, from, nil
		}
	}
}

// dialWire opens the client's end: a socket, or an allocation.
func dialWire(t *testing.T, s *Socket, kind string) net.PacketConn {
	t.Helper()
	ip := netip.IPv4Unspecified().String()
	if s.options.AdvertiseIP.Is6() {
		ip = netip.IPv6Unspecified().String()
	}
	var under net.PacketConn
	server := s.Candidate().String()
	var stream net.Conn
	var err error
	switch kind {
	case "TURN over TCP":
		addr, _ := s.TCP()
		server = addr.String()
		stream, err = net.Dial("tcp", server)
	case "TURN over TLS":
		addr, _ := s.TLS()
		server = addr.String()
		stream, err = tls.Dial("tcp", server, trusting(s.options.TLS))
	default:
		under, err = net.ListenPacket("udp", net.JoinHostPort(ip, "0"))
		under = &choosy{PacketConn: under, from: s.Candidate()}
	}
	if err != nil {
		t.Fatal(err)
	}
	if stream != nil {
		under = pturn.NewSTUNConn(stream)
	}
	t.Cleanup(func() { _ = under.Close() })
	if kind == "direct" {
		return under
	}
	who := s.Turn().AddUser("x", time.Now())
	client, err := pturn.NewClient(&pturn.ClientConfig{TURNServerAddr: server, STUNServerAddr: server, Conn: under, Username: who.Username, Password: who.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := client.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relayed.Close() })
	return relayed
}

// nominate checks and nominates the path, as a controlling ICE agent does.
func nominate(t *testing.T, w *wire, server net.Addr, l Local) {
	t.Helper()
	for end := time.Now().Add(wireLimit); time.Now().Before(end); {
		check, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(l.Fragment+":frag"), nominated{},
			stun.NewShortTermIntegrity(l.Password), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteTo(check.Raw, server); err != nil {
			t.Fatal(err)
		}
		m := &stun.Message{Raw: w.next(500 * time.Millisecond)}
		if m.Decode() == nil && m.Type == stun.BindingSuccess {
			return
		}
	}
	t.Fatal("no answer to a check")
}

func handshakeWire(t *testing.T, conn *wire, server net.Addr, cert tls.Certificate) (out, in *psrtp.Context) {
	t.Helper()
	client, err := dtls.ClientWithOptions(conn, server, dtls.WithCertificates(cert), dtls.WithInsecureSkipVerify(true),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret), dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), wireLimit)
	defer cancel()
	if err := client.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	state, ok := client.ConnectionState()
	if !ok {
		t.Fatal("no state")
	}
	material, err := state.ExportKeyingMaterial(srtp.Label, nil, srtp.AEADAES128.MaterialSize())
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs, err := srtp.AEADAES128.Split(material)
	if err != nil {
		t.Fatal(err)
	}
	if out, err = psrtp.CreateContext(ours.Key, ours.Salt, psrtp.ProtectionProfileAeadAes128Gcm); err != nil {
		t.Fatal(err)
	}
	if in, err = psrtp.CreateContext(theirs.Key, theirs.Salt, psrtp.ProtectionProfileAeadAes128Gcm); err != nil {
		t.Fatal(err)
	}
	return out, in
}

// sendUntil sends packets until the server has one.
func sendUntil(t *testing.T, conn net.PacketConn, server net.Addr, out *psrtp.Context, h *echo) int {
	t.Helper()
	n := 0
	for end := time.Now().Add(wireLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		n++
		b, err := (&prtp.Packet{Header: prtp.Header{Version: 2, SSRC: 7, PayloadType: 96, SequenceNumber: uint16(n)}, Payload: []byte("up")}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := out.EncryptRTP(nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.WriteTo(sealed, server); err != nil {
			t.Fatal(err)
		}
		h.mu.Lock()
		got := len(h.got) > 0 && string(h.got[0]) == "up"
		h.mu.Unlock()
		if got {
			return n
		}
	}
	t.Fatal("nothing came")
	return n
}

// receiveOne sends packets to the client until it has read one.
func receiveOne(t *testing.T, c *Session, w *wire, in *psrtp.Context) {
	t.Helper()
	stream := c.Sealer().Stream()
	var batch Batch
	for n := uint16(1); n < 500; n++ {
		batch.Begin(c.Route())
		buffer, from := batch.Open(100)
		buffer = rtp.Header{PayloadType: 97, Sequence: n, SSRC: 9}.Append(buffer)
		size := len(buffer) - from
		batch.Add(stream.Seal(append(buffer, "down"...), from, size))
		c.Transmit(&batch)
		got := w.next(40 * time.Millisecond)
		if len(got) < 12 || binary.BigEndian.Uint32(got[8:]) != 9 {
			continue
		}
		plain, err := in.DecryptRTP(nil, got, nil)
		if err != nil || !strings.HasSuffix(string(plain), "down") {
			t.Fatalf("%q, %v", plain, err)
		}
		return
	}
	t.Fatal("nothing came down")
}
