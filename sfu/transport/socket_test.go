package transport

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"go.uber.org/goleak"

	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/turn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 10 * time.Second

var loopback = netip.MustParseAddr("127.0.0.1")

func listen(t testing.TB, o Options) *Socket {
	t.Helper()
	if !o.ListenIP.IsValid() {
		o.ListenIP = loopback
	}
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// TestClaim: two nodes on one host take two ports, a third finds none.
func TestClaim(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	if from > 65000 {
		from -= 1000
	}
	o := Options{PortMin: from, PortMax: from + 20}
	a, b := listen(t, o), listen(t, o)
	if a.LocalAddr() == b.LocalAddr() {
		t.Errorf("both on %v", a.LocalAddr())
	}
	n := int(a.LocalAddr().Port())
	if _, err := Listen(Options{ListenIP: loopback, PortMin: n, PortMax: n}); !errors.Is(err, ErrNoPort) {
		t.Errorf("the same port: %v", err)
	}
	// A stranger that shares UDP ports keeps us away, too.
	busy, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	n = busy.LocalAddr().(*net.UDPAddr).Port
	if _, err := Listen(Options{ListenIP: loopback, PortMin: n, PortMax: n}); !errors.Is(err, ErrNoPort) {
		t.Errorf("a port in use: %v", err)
	}
}

// TestTCPPort: of its own, that of the claim, none, and one in use.
func TestTCPPort(t *testing.T) {
	s := listen(t, Options{})
	if _, ok := s.TCP(); ok {
		t.Error("TCP without a port")
	}
	hangsUp(t, s.LocalAddr().String())
	busy := int(s.LocalAddr().Port())
	if _, err := Listen(Options{ListenIP: loopback, TCPPort: busy}); err == nil || !strings.Contains(err.Error(), "TURN over TCP") {
		t.Errorf("a port in use: %v", err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	for _, o := range []Options{{TCPPort: n}, {TCPPort: n, PortMin: n, PortMax: n}} {
		func() {
			s, err := Listen(Options{ListenIP: loopback, TCPPort: o.TCPPort, PortMin: o.PortMin, PortMax: o.PortMax})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			addr, ok := s.TCP()
			if !ok || int(addr.Port()) != n {
				t.Errorf("TCP on %v, not on %d", addr, n)
			}
			askTURN(t, addr.String())
		}()
	}
}

// hangsUp: the port's guard serves nobody.
func hangsUp(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(limit))
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// askTURN sends an allocation, byte by byte, and is asked for credentials.
func askTURN(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(limit))
	for _, b := range stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 1500)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	m := &stun.Message{Raw: b[:n]}
	var code stun.ErrorCodeAttribute
	if err := m.Decode(); err != nil || code.GetFrom(m) != nil || code.Code != stun.CodeUnauthorized {
		t.Errorf("%v, %v", m, err)
	}
}

// TestStreamsEnd: what is neither STUN nor channel data ends a connection.
func TestStreamsEnd(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	s := listen(t, Options{TCPPort: n})
	addr, _ := s.TCP()
	for name, b := range map[string]string{
		"HTTP": "GET / HTTP/1.1\r\n\r\n", "too long": "\x00\x01\xff\xff", "channel too long": "\x40\x00\xff\xff",
	} {
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(limit))
		if _, err := c.Write([]byte(b)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 10)); err == nil {
			t.Errorf("%s: an answer", name)
		} else if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: the connection stays", name)
		}
		_ = c.Close()
	}
}

// FuzzReadMessage: streams are cut the same way however they arrive.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{0x40, 0, 0, 3, 1, 2, 3, 0, 0, 1, 0, 0})
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, bits := cut(bytes.NewReader(b)), cut(&slow{b})
		if len(whole) != len(bits) {
			t.Fatalf("%d messages at once, %d byte by byte", len(whole), len(bits))
		}
		for i := range whole {
			if !bytes.Equal(whole[i], bits[i]) {
				t.Fatalf("message %d: %x, byte by byte %x", i, whole[i], bits[i])
			}
		}
	})
}

type slow struct{ b []byte }

func (s *slow) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(p[:min(1, len(p))], s.b)
	s.b = s.b[n:]
	return n, nil
}

func cut(in interface{ Read([]byte) (int, error) }) (list [][]byte) {
	var pool rtp.Pool
	for {
		p := pool.Get()
		if readMessage(in, p) != nil {
			return list
		}
		list = append(list, bytes.Clone(p.Bytes()))
	}
}

// silent is a handler that only counts.
type silent struct{ confirmed chan int }

func (h silent) Ready()                   {}
func (h silent) Confirmed(generation int) { h.confirmed <- generation }
func (h silent) RTP([]*rtp.Packet)        {}
func (h silent) RTCP([]byte, int64)       {}
func (h silent) Tick(int64)               {}
func (h silent) Failed(error)             {}

var offered = Remote{Fragment: "them", Password: "x", Fingerprint: "sha-256 " + strings.Repeat("AB:", 31) + "AB"}

// TestGenerations: checks of every living generation are answered, those of a
// new one confirm it, what is not authentic gets silence.
func TestGenerations(t *testing.T) {
	s := listen(t, Options{})
	h := silent{make(chan int, 10)}
	c, err := s.NewSession("peer", h)
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	var all []Local
	for i := range keptGenerations + 1 {
		l, err := c.Answer(offered)
		if err != nil {
			t.Fatal(err)
		}
		if l.Generation != i+1 || !strings.HasPrefix(l.Candidate, "candidate:1 1 udp ") || !strings.HasPrefix(l.Fingerprint, "sha-256 ") {
			t.Errorf("%+v", l)
		}
		all = append(all, l)
	}
	if checkOnce(t, udp, all[0], all[0].Password, true) {
		t.Error("a forgotten generation was answered")
	}
	if checkOnce(t, udp, all[1], "guessed-password-0123456789", true) {
		t.Error("a wrong password was answered")
	}
	if c.Route() != nil {
		t.Error("a route without an authentic check")
	}
	if !checkOnce(t, udp, all[1], all[1].Password, false) || !checkOnce(t, udp, all[4], all[4].Password, true) {
		t.Fatal("no answer")
	}
	if got := <-h.confirmed; got != 5 {
		t.Errorf("generation %d confirmed", got)
	}
	if r := c.Route(); r == nil || r.Relayed() || r.seen() != udp.LocalAddr().(*net.UDPAddr).AddrPort() {
		t.Errorf("route %+v", r)
	}
	if err := c.SendRTCP([]byte{0x80, 201, 0, 1, 0, 0, 0, 1}); !errors.Is(err, ErrNotReady) {
		t.Errorf("RTCP without keys: %v", err)
	}
	c.Close()
	c.Close()
	if checkOnce(t, udp, all[4], all[4].Password, true) {
		t.Error("a closed session answers")
	}
	if _, err := c.Answer(offered); !errors.Is(err, ErrClosed) {
		t.Errorf("answer after close: %v", err)
	}
}

// theirs is a fragment of the client's that no offer had: while offers cross
// with answers, a client may check with that of its newest one.
const theirs = "newer"

// checkOnce sends a check and reports whether it was answered properly. No
// answer is told by that to a binding request without a name, sent behind it.
func checkOnce(t *testing.T, udp *net.UDPConn, l Local, password string, nominate bool) bool {
	t.Helper()
	set := []stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(l.Fragment + ":" + theirs)}
	if nominate {
		set = append(set, nominated{})
	}
	request := stun.MustBuild(append(set, stun.NewShortTermIntegrity(password), stun.Fingerprint)...)
	marker := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	for _, m := range []*stun.Message{request, marker} {
		if _, err := udp.Write(m.Raw); err != nil {
			t.Fatal(err)
		}
	}
	_ = udp.SetReadDeadline(time.Now().Add(limit))
	answered := false
	b := make([]byte, 1500)
	for {
		n, err := udp.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		m := &stun.Message{Raw: b[:n]}
		if m.Decode() != nil {
			continue // DTLS
		}
		var x stun.XORMappedAddress
		switch m.TransactionID {
		case marker.TransactionID:
			return answered
		case request.TransactionID:
			answered = stun.NewShortTermIntegrity(password).Check(m) == nil && x.GetFrom(m) == nil && x.String() == udp.LocalAddr().String()
		}
	}
}

type nominated struct{}

func (nominated) AddTo(m *stun.Message) error { m.Add(stun.AttrUseCandidate, nil); return nil }

func TestAnswerRefuses(t *testing.T) {
	s := listen(t, Options{})
	c, err := s.NewSession("peer", silent{make(chan int, 1)})
	if err != nil {
		t.Fatal(err)
	}
	other := offered
	other.Fingerprint = strings.ReplaceAll(offered.Fingerprint, "AB", "CD")
	if _, err := c.Answer(offered); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Remote{
		"no fragment": {Fingerprint: offered.Fingerprint}, "no fingerprint": {Fragment: "x"}, "another hash": {Fragment: "x", Fingerprint: "sha-1 AA:BB"},
		"another certificate than before": other,
	} {
		if _, err := c.Answer(r); !errors.Is(err, ErrRemote) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGarbage: datagrams of all kinds, from anywhere, change nothing.
func TestGarbage(t *testing.T) {
	s := listen(t, Options{})
	udp, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	for first := range 256 {
		for _, n := range []int{1, 3, 4, 8, 12, 19, 20, 40, 1500} {
			b := bytes.Repeat([]byte{byte(first)}, n)
			if _, err := udp.Write(b); err != nil {
				t.Fatal(err)
			}
			if n >= 20 { // with the magic cookie
				copy(b[2:], []byte{0, byte(n - 20), 0x21, 0x12, 0xa4, 0x42})
				if _, err := udp.Write(b); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.direct) != 0 || s.turn.Allocations() != 0 {
		t.Errorf("%d routes, %d allocations", len(s.direct), s.turn.Allocations())
	}
}

// TestBatch: packets are framed as the route wants it.
func TestBatch(t *testing.T) {
	var b Batch
	for name, r := range map[string]*Route{"direct": {}, "relayed": {relay: &turn.Allocation{}}} {
		b.Begin(r)
		for i := range 3 {
			buffer, from := b.Open(100)
			if len(buffer) != from || cap(buffer)-len(buffer) < 100 {
				t.Errorf("%s: %d bytes of room", name, cap(buffer)-len(buffer))
			}
			b.Add(append(buffer, bytes.Repeat([]byte{byte(i)}, 10+i)...))
		}
		if b.Len() != 3 || b.ends[2] != 33+3*r.headroom() {
			t.Errorf("%s: %v", name, b.ends)
		}
	}
}
