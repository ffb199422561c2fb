package turn

import (
	"crypto/rand"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// Server keeps the allocations of one node. It is safe for concurrent use.
type Server struct {
	secret [32]byte
	relay  netip.Addr     // of relayed addresses
	peer   netip.AddrPort // the only peer: the media plane

	mu          sync.RWMutex
	users       map[string]*user
	allocations map[Flow]*Allocation
	ports       map[uint16]struct{}
	next        uint16
}

// NewServer makes a server whose clients reach the peer (an address that
// clients learn as ICE candidate) and nothing else.
func NewServer(peer netip.AddrPort) *Server {
	s := &Server{
		relay: peer.Addr(), peer: peer, next: minRelayPort,
		users: map[string]*user{}, allocations: map[Flow]*Allocation{}, ports: map[uint16]struct{}{},
	}
	_, _ = rand.Read(s.secret[:]) // never fails
	return s
}

// Allocations is how many there are.
func (s *Server) Allocations() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.allocations)
}

// Find is the allocation of a flow, nil: none.
func (s *Server) Find(f Flow) *Allocation {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.allocations[f]
}

// Channel takes the envelope off channel data. ok is false for data nobody
// waits for.
func (s *Server) Channel(f Flow, b []byte) (d Delivery, ok bool) {
	n := int(b[2])<<8 | int(b[3])
	if n > len(b)-ChannelHeader {
		return d, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.allocations[f]
	if a == nil || a.channels[uint16(b[0])<<8|uint16(b[1])].peer != s.peer {
		return d, false
	}
	return Delivery{Allocation: a, Data: b[ChannelHeader : ChannelHeader+n]}, true
}

// Gone ends the allocation of a flow: its connection is closed.
func (s *Server) Gone(f Flow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.allocations[f]; a != nil {
		s.drop(a)
	}
}

// drop forgets an allocation; s.mu is held.
func (s *Server) drop(a *Allocation) {
	a.dead.Store(true)
	delete(s.allocations, a.Flow)
	delete(s.ports, a.Relayed.Port())
	delete(a.user.allocations, a)
}

// Expire ends what was not refreshed in time (now: monotonic nanoseconds, of
// the clock given to Handle).
func (s *Server) Expire(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.allocations {
		if a.expires < now {
			s.drop(a)
			continue
		}
		for ip, at := range a.allowed {
			if at < now {
				delete(a.allowed, ip)
			}
		}
		for n, b := range a.channels {
			if b.expires < now {
				delete(a.channels, n)
				a.channel.CompareAndSwap(uint32(n), 0)
			}
		}
	}
}

// handler answers one kind of request. The server is locked.
type handler func(s *Server, f Flow, u *user, m *stun.Message, now int64) []stun.Setter

// handlers is the table of requests.
func handlers(m stun.Method) handler {
	switch m {
	case stun.MethodAllocate:
		return (*Server).allocate
	case stun.MethodRefresh:
		return (*Server).refresh
	case stun.MethodCreatePermission:
		return (*Server).permit
	case stun.MethodChannelBind:
		return (*Server).bind
	}
	return nil
}

// Handle takes a STUN message of a client (not channel data, not ICE's
// checks). It returns the answer, nil: none, or what the client sends its peer.
func (s *Server) Handle(f Flow, b []byte, now int64) (reply []byte, d Delivery) {
	m := &stun.Message{Raw: b}
	if m.Decode() != nil {
		return nil, d
	}
	switch {
	case m.Type == stun.BindingRequest:
		return build(m, stun.ClassSuccessResponse, address(stun.AttrXORMappedAddress, f.Addr), stun.Fingerprint), d
	case m.Type == stun.NewType(stun.MethodSend, stun.ClassIndication):
		return nil, s.send(f, m, now)
	case m.Type.Class != stun.ClassRequest:
		return nil, d
	}
	handle := handlers(m.Type.Method)
	if handle == nil {
		return failure(m, stun.CodeBadRequest), d
	}
	return s.request(f, m, now, handle), d
}

// request authenticates (RFC 8489 §9.2.4) and answers.
func (s *Server) request(f Flow, m *stun.Message, now int64, handle handler) []byte {
	if !m.Contains(stun.AttrMessageIntegrity) {
		return s.challenge(m, stun.CodeUnauthorized, now)
	}
	var name stun.Username
	var nonce stun.Nonce
	if name.GetFrom(m) != nil || nonce.GetFrom(m) != nil {
		return failure(m, stun.CodeBadRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name.String()]
	if u == nil || u.integrity.Check(m) != nil {
		return s.challenge(m, stun.CodeUnauthorized, now)
	}
	if !s.fresh(nonce.String(), now) {
		return s.challenge(m, stun.CodeStaleNonce, now)
	}
	if a := s.allocations[f]; a != nil && a.user != u {
		return failure(m, stun.CodeWrongCredentials, u.integrity)
	}
	set := handle(s, f, u, m, now)
	if code, failed := firstCode(set); failed {
		return failure(m, code, u.integrity)
	}
	reply := build(m, stun.ClassSuccessResponse, append(set, u.integrity, stun.Fingerprint)...)
	if a := s.allocations[f]; a != nil && m.Type.Method == stun.MethodAllocate {
		a.reply = reply
	}
	return reply
}

func firstCode(set []stun.Setter) (stun.ErrorCode, bool) {
	if len(set) == 1 {
		if c, ok := set[0].(stun.ErrorCode); ok {
			return c, true
		}
	}
	return 0, false
}

func (s *Server) challenge(m *stun.Message, code stun.ErrorCode, now int64) []byte {
	return build(m, stun.ClassErrorResponse, code, stun.NewNonce(s.nonce(now)), stun.NewRealm(Realm))
}

func failure(m *stun.Message, code stun.ErrorCode, more ...stun.Setter) []byte {
	return build(m, stun.ClassErrorResponse, append([]stun.Setter{code}, more...)...)
}

func build(m *stun.Message, class stun.MessageClass, set ...stun.Setter) []byte {
	r, err := stun.Build(append([]stun.Setter{
		stun.NewTransactionIDSetter(m.TransactionID), stun.NewType(m.Type.Method, class),
	}, set...)...)
	if err != nil {
		return nil // no set of attributes of ours is too large
	}
	return r.Raw
}

func seconds(d int64) uint32 { return uint32(d / int64(time.Second)) }
