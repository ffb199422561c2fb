package transport

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/stun/v4"
)

// keptGenerations is how many generations of ICE credentials a session knows:
// checks with older ones are stray.
const keptGenerations = 4

// maxDirect bounds the UDP addresses of one session.
const maxDirect = 32

// generation is one set of ICE credentials. An ICE restart adds one: to the
// connection nothing else happens.
type generation struct {
	session   *Session
	number    int
	fragment  string
	integrity stun.MessageIntegrity
	confirmed bool // guarded by session.mu
}

// letters are a subset of ICE's characters (RFC 8445 §5.3), 32 of them.
const letters = "abcdefghijklmnopqrstuvwxyz234567"

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b)
}

// Sizes of credentials: at least 24 and 128 bits (RFC 8445 §5.3).
const (
	fragmentSize = 12
	passwordSize = 28
)

// Answer implements Transport.
func (c *Session) Answer(r Remote) (Local, error) {
	if r.Fragment == "" || len(r.Fragment) > 256 {
		return Local{}, fmt.Errorf("%w: ice-ufrag", ErrRemote)
	}
	if err := c.dtls.expect(r.Fingerprint); err != nil {
		return Local{}, err
	}
	password := randomText(passwordSize)
	g := &generation{session: c, fragment: randomText(fragmentSize), integrity: stun.NewShortTermIntegrity(password)}
	s := c.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || c.closed {
		return Local{}, ErrClosed
	}
	c.generations++
	g.number = c.generations
	c.known = append(c.known, g)
	s.byUfrag[g.fragment] = g
	if len(c.known) > keptGenerations {
		delete(s.byUfrag, c.known[0].fragment)
		c.known = slices.Delete(c.known, 0, 1)
	}
	return Local{
		Fragment: g.fragment, Password: password, Fingerprint: s.print, Generation: g.number,
		Candidate: candidate(s.Candidate()),
	}, nil
}

// candidate writes a host candidate (RFC 8839 §5.1) with the priority of the
// original's.
func candidate(a netip.AddrPort) string {
	return fmt.Sprintf("candidate:1 1 udp 2015363327 %s %d typ host", a.Addr(), a.Port())
}

// check answers a binding request (RFC 8445 §7.3) that came over a route.
func (s *Socket) check(b []byte, r *Route) {
	m := &stun.Message{Raw: b}
	var name stun.Username
	if m.Decode() != nil || m.Type != stun.BindingRequest || name.GetFrom(m) != nil {
		return
	}
	local, _, _ := strings.Cut(name.String(), ":") // the rest is the client's, who may have made another offer since
	s.mu.RLock()
	g := s.byUfrag[local]
	s.mu.RUnlock()
	if g == nil || g.integrity.Check(m) != nil {
		return // what is not authentic gets no answer
	}
	if !g.session.adopt(r) {
		return
	}
	from := r.seen()
	reply, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())}, g.integrity, stun.Fingerprint)
	if err != nil {
		return
	}
	r.sendControl(reply.Raw)
	g.session.checked(g, r, m.Contains(stun.AttrUseCandidate))
}

// sendControl sends what is neither media nor in a batch.
func (r *Route) sendControl(b []byte) {
	r.send(append(make([]byte, r.headroom(), r.headroom()+len(b)), b...))
}

// adopt makes the session the owner of a route.
func (c *Session) adopt(r *Route) bool {
	if r.owner.Load() == c {
		return true
	}
	s := c.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || c.closed {
		return false
	}
	if r.relay == nil {
		if len(c.direct) >= maxDirect {
			delete(s.direct, c.direct[0].addr)
			c.direct = slices.Delete(c.direct, 0, 1)
		}
		if old := s.direct[r.addr]; old != nil {
			if o := old.owner.Load(); o != nil {
				o.direct = slices.DeleteFunc(o.direct, func(x *Route) bool { return x == old })
			}
		}
		s.direct[r.addr] = r
		c.direct = append(c.direct, r)
	}
	r.owner.Store(c)
	return true
}
