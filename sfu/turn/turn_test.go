package turn

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

var (
	peerAddr = netip.MustParseAddrPort("192.0.2.1:50000")
	flow     = Flow{Addr: netip.MustParseAddrPort("198.51.100.7:4444")}
)

const now = int64(time.Hour)

// client is one side of a test: it authenticates as clients do.
type client struct {
	t     *testing.T
	s     *Server
	creds Credentials
	nonce string
	flow  Flow
}

func newClient(t *testing.T, s *Server, name string) *client {
	t.Helper()
	return &client{t: t, s: s, creds: s.AddUser(name, time.Unix(1000, 0)), flow: flow}
}

// ask sends a request and decodes the answer.
func (c *client) ask(at int64, method stun.Method, set ...stun.Setter) *stun.Message {
	c.t.Helper()
	m := c.answer(at, method, false, set)
	if code := codeOf(m); code == stun.CodeUnauthorized || code == stun.CodeStaleNonce {
		c.nonce = nonceOf(c.t, m)
		m = c.answer(at, method, true, set)
	}
	return m
}

func (c *client) answer(at int64, method stun.Method, signed bool, set []stun.Setter) *stun.Message {
	c.t.Helper()
	list := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, set...)
	if signed || c.nonce != "" {
		list = append(list, stun.NewUsername(c.creds.Username), stun.NewRealm(Realm), stun.NewNonce(c.nonce),
			stun.NewLongTermIntegrity(c.creds.Username, Realm, c.creds.Password))
	}
	m, err := stun.Build(append(list, stun.Fingerprint)...)
	if err != nil {
		c.t.Fatal(err)
	}
	reply, d := c.s.Handle(c.flow, m.Raw, at)
	if d.Allocation != nil {
		c.t.Fatal("a request delivered data")
	}
	r := &stun.Message{Raw: reply}
	if err := r.Decode(); err != nil {
		c.t.Fatal(err)
	}
	if r.TransactionID != m.TransactionID {
		c.t.Fatal("another transaction")
	}
	return r
}

func codeOf(m *stun.Message) stun.ErrorCode {
	var e stun.ErrorCodeAttribute
	if e.GetFrom(m) != nil {
		return 0
	}
	return e.Code
}

func nonceOf(t *testing.T, m *stun.Message) string {
	t.Helper()
	var n stun.Nonce
	if err := n.GetFrom(m); err != nil {
		t.Fatal(err)
	}
	return n.String()
}

func udp() stun.Setter { return rawAttribute{stun.AttrRequestedTransport, []byte{17, 0, 0, 0}} }

func peer(a netip.AddrPort) stun.Setter { return address(stun.AttrXORPeerAddress, a) }

func channel(n uint16) stun.Setter { return number(stun.AttrChannelNumber, uint32(n)<<16) }

// TestAllocation: from the challenge to channel data and the end.
func TestAllocation(t *testing.T) {
	s := NewServer(peerAddr)
	c := newClient(t, s, "peer")
	m := c.ask(now, stun.MethodAllocate, udp())
	var relayed, mapped stun.XORMappedAddress
	if codeOf(m) != 0 || relayed.GetFromAs(m, stun.AttrXORRelayedAddress) != nil || mapped.GetFrom(m) != nil {
		t.Fatalf("allocate: %v", m)
	}
	if relayed.IP.String() != "192.0.2.1" || mapped.String() != flow.Addr.String() || s.Allocations() != 1 {
		t.Errorf("relayed %v, mapped %v", relayed, mapped)
	}
	if got := codeOf(c.ask(now, stun.MethodAllocate, udp())); got != stun.CodeAllocMismatch {
		t.Errorf("a second one: %d", got)
	}
	sendData(t, s, false)
	if m := c.ask(now, stun.MethodCreatePermission, peer(peerAddr)); codeOf(m) != 0 {
		t.Errorf("permission: %v", m)
	}
	sendData(t, s, true)
	if m := c.ask(now, stun.MethodChannelBind, peer(peerAddr), channel(0x4001)); codeOf(m) != 0 {
		t.Errorf("channel: %v", m)
	}
	a := s.Find(flow)
	if a.Channel() != 0x4001 || !a.Alive() {
		t.Errorf("channel %x", a.Channel())
	}
	data := []byte{0, 0, 0, 0, 'h', 'i', 0, 0}
	PutChannel(data, 0x4001, 2)
	if d, ok := s.Channel(flow, data); !ok || string(d.Data) != "hi" || !IsChannelData(data) {
		t.Errorf("channel data: %q, %v", d.Data, ok)
	}
	if m := c.ask(now, stun.MethodRefresh, number(stun.AttrLifetime, 1200)); codeOf(m) != 0 {
		t.Errorf("refresh: %v", m)
	}
	s.Expire(now + int64(15*time.Minute))
	if s.Allocations() != 1 || a.Channel() != 0 {
		t.Error("after 15 minutes the allocation is refreshed, the channel is not")
	}
	if m := c.ask(now, stun.MethodRefresh, number(stun.AttrLifetime, 0)); codeOf(m) != 0 || s.Allocations() != 0 || a.Alive() {
		t.Errorf("end: %v", m)
	}
}

func sendData(t *testing.T, s *Server, allowed bool) {
	t.Helper()
	m := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(peerAddr), rawAttribute{stun.AttrData, []byte("x")})
	if reply, d := s.Handle(flow, m.Raw, now); reply != nil || (string(d.Data) == "x") != allowed {
		t.Errorf("indication: %q, allowed %v", d.Data, allowed)
	}
}

// TestRefused: what clients must not do.
func TestRefused(t *testing.T) {
	s := NewServer(peerAddr)
	c := newClient(t, s, "peer")
	other := netip.MustParseAddrPort("203.0.113.9:50000")
	check := func(what string, m *stun.Message, want stun.ErrorCode) {
		t.Helper()
		if got := codeOf(m); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	check("permission without allocation", c.ask(now, stun.MethodCreatePermission, peer(peerAddr)), stun.CodeAllocMismatch)
	check("channel without allocation", c.ask(now, stun.MethodChannelBind, peer(peerAddr), channel(0x4000)), stun.CodeAllocMismatch)
	check("refresh without allocation", c.ask(now, stun.MethodRefresh), stun.CodeAllocMismatch)
	check("no transport", c.ask(now, stun.MethodAllocate), stun.CodeBadRequest)
	check("TCP", c.ask(now, stun.MethodAllocate, rawAttribute{stun.AttrRequestedTransport, []byte{6, 0, 0, 0}}), stun.CodeUnsupportedTransProto)
	check("other method", c.ask(now, stun.MethodConnect), stun.CodeBadRequest)
	check("allocate", c.ask(now, stun.MethodAllocate, udp()), 0)
	check("another host", c.ask(now, stun.MethodCreatePermission, peer(other)), stun.CodeForbidden)
	check("channel to another host", c.ask(now, stun.MethodChannelBind, peer(other), channel(0x4000)), stun.CodeForbidden)
	check("channel number", c.ask(now, stun.MethodChannelBind, peer(peerAddr), channel(0x5000)), stun.CodeBadRequest)
	check("no peer", c.ask(now, stun.MethodCreatePermission), stun.CodeBadRequest)
	for i := range perAllocation {
		p := netip.AddrPortFrom(peerAddr.Addr(), uint16(100+i))
		check("channel", c.ask(now, stun.MethodChannelBind, peer(p), channel(0x4000+uint16(i))), 0)
	}
	check("too many channels", c.ask(now, stun.MethodChannelBind, peer(peerAddr), channel(0x4100)), stun.CodeInsufficientCapacity)
	check("channel of another peer", c.ask(now, stun.MethodChannelBind, peer(peerAddr), channel(0x4000)), stun.CodeBadRequest)
	thief := newClient(t, s, "thief")
	check("another user's flow", thief.ask(now, stun.MethodRefresh), stun.CodeWrongCredentials)
	thief.creds.Password, thief.nonce = "guess", ""
	check("wrong password", thief.ask(now, stun.MethodAllocate, udp()), stun.CodeUnauthorized)
}

// TestBounds: allocations of a user, and what removing it ends.
func TestBounds(t *testing.T) {
	s := NewServer(peerAddr)
	c := newClient(t, s, "peer")
	for i := range perUser + 1 {
		c.flow = Flow{Addr: netip.AddrPortFrom(flow.Addr.Addr(), uint16(1000+i)), Conn: uint64(i % 2)}
		want := stun.ErrorCode(0)
		if i == perUser {
			want = stun.CodeAllocQuotaReached
		}
		if got := codeOf(c.ask(now, stun.MethodAllocate, udp())); got != want {
			t.Fatalf("allocation %d: %d", i, got)
		}
	}
	s.Gone(Flow{Addr: netip.AddrPortFrom(flow.Addr.Addr(), 1000)})
	if s.Allocations() != perUser-1 {
		t.Errorf("%d allocations", s.Allocations())
	}
	s.RemoveUser(c.creds.Username)
	s.RemoveUser(c.creds.Username)
	if s.Allocations() != 0 {
		t.Errorf("%d allocations", s.Allocations())
	}
	if got := codeOf(c.ask(now, stun.MethodAllocate, udp())); got != stun.CodeUnauthorized {
		t.Errorf("a removed user: %d", got)
	}
}

func TestExpiry(t *testing.T) {
	s := NewServer(peerAddr)
	c := newClient(t, s, "peer")
	c.ask(now, stun.MethodAllocate, udp())
	s.Expire(now + int64(9*time.Minute))
	if s.Allocations() != 1 {
		t.Error("gone after 9 minutes")
	}
	s.Expire(now + int64(11*time.Minute))
	if s.Allocations() != 0 {
		t.Error("there after 11 minutes")
	}
	late := now + int64(2*time.Hour)
	if got := codeOf(c.answer(late, stun.MethodAllocate, true, []stun.Setter{udp()})); got != stun.CodeStaleNonce {
		t.Errorf("an old nonce: %d", got)
	}
	if got := codeOf(c.ask(late, stun.MethodAllocate, udp())); got != 0 {
		t.Errorf("again: %d", got)
	}
	c.nonce = "ffff-0011223344556677"
	if got := codeOf(c.answer(late, stun.MethodAllocate, true, []stun.Setter{udp()})); got != stun.CodeStaleNonce {
		t.Errorf("a nonce of nobody: %d", got)
	}
}

func TestDataIndication(t *testing.T) {
	b, err := Data(peerAddr, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	m := &stun.Message{Raw: b}
	if err := m.Decode(); err != nil || m.Type != stun.NewType(stun.MethodData, stun.ClassIndication) {
		t.Fatal(m, err)
	}
	if p, ok := peerAddress(m); !ok || p != peerAddr {
		t.Errorf("peer %v", p)
	}
	if v, err := m.Get(stun.AttrData); err != nil || string(v) != "hello" {
		t.Errorf("data %q", v)
	}
}

// TestCredentials are of the original's form.
func TestCredentials(t *testing.T) {
	c := NewServer(peerAddr).AddUser("p", time.Unix(1700000000, 0))
	if c.Username != "1700000000:p" || len(c.Password) != 28 {
		t.Errorf("%+v", c)
	}
}

// FuzzHandle: no message breaks the server, none without credentials makes an
// allocation, and answers are messages.
func FuzzHandle(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw, false)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), udp()).Raw, true)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peer(peerAddr), rawAttribute{stun.AttrData, []byte("x")}).Raw, true)
	f.Add([]byte{0x40, 0, 0, 3, 1, 2, 3}, false)
	f.Fuzz(func(t *testing.T, b []byte, sign bool) {
		s := NewServer(peerAddr)
		creds := s.AddUser("u", time.Unix(1, 0))
		if IsChannelData(b) {
			if _, ok := s.Channel(flow, b); ok {
				t.Fatal("channel data without an allocation")
			}
			return
		}
		raw := slices.Clone(b)
		m := &stun.Message{Raw: slices.Clone(b)}
		if sign && m.Decode() == nil {
			signed, err := stun.Build(m, stun.NewUsername(creds.Username), stun.NewRealm(Realm), stun.NewNonce(s.nonce(now)),
				stun.NewLongTermIntegrity(creds.Username, Realm, creds.Password))
			if err == nil {
				raw = signed.Raw
			}
		}
		reply, _ := s.Handle(flow, raw, now)
		if reply != nil {
			if r := (&stun.Message{Raw: reply}); r.Decode() != nil {
				t.Fatalf("an answer that is no message: %x", reply)
			}
		}
		if !sign && s.Allocations() > 0 {
			t.Fatal("an allocation without credentials")
		}
	})
}

func ExamplePutChannel() {
	b := append(make([]byte, ChannelHeader), "data"...)
	PutChannel(b, 0x4000, 4)
	fmt.Printf("% x\n", b)
	// Output: 40 00 00 04 64 61 74 61
}
