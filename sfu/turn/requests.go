package turn

import (
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

const protocolUDP = 17

// allocate answers Allocate (RFC 8656 §7.2).
func (s *Server) allocate(f Flow, u *user, m *stun.Message, now int64) []stun.Setter {
	if a := s.allocations[f]; a != nil {
		if a.request == m.TransactionID {
			return s.allocated(f, a, seconds(a.expires-now))
		}
		return []stun.Setter{stun.CodeAllocMismatch}
	}
	if n, ok := getNumber(m, stun.AttrRequestedTransport); !ok {
		return []stun.Setter{stun.CodeBadRequest}
	} else if n>>24 != protocolUDP {
		return []stun.Setter{stun.CodeUnsupportedTransProto}
	}
	if len(u.allocations) >= perUser {
		return []stun.Setter{stun.CodeAllocQuotaReached}
	}
	port, err := s.port()
	if err != nil {
		return []stun.Setter{stun.CodeInsufficientCapacity}
	}
	lifetime := requestedLifetime(m)
	a := &Allocation{
		Flow: f, Relayed: netip.AddrPortFrom(s.relay, port), user: u, request: m.TransactionID,
		expires: now + int64(lifetime), allowed: map[netip.Addr]int64{}, channels: map[uint16]binding{},
	}
	s.allocations[f] = a
	u.allocations[a] = struct{}{}
	return s.allocated(f, a, seconds(int64(lifetime)))
}

func (s *Server) allocated(f Flow, a *Allocation, lifetime uint32) []stun.Setter {
	return []stun.Setter{
		address(stun.AttrXORRelayedAddress, a.Relayed), address(stun.AttrXORMappedAddress, f.Addr),
		number(stun.AttrLifetime, lifetime),
	}
}

// port takes a free number: relayed addresses are names, but two clients
// should not have the same.
func (s *Server) port() (uint16, error) {
	for range 1 << 16 {
		port := s.next
		if s.next++; s.next < minRelayPort {
			s.next = minRelayPort
		}
		if _, taken := s.ports[port]; !taken && port != s.peer.Port() {
			s.ports[port] = struct{}{}
			return port, nil
		}
	}
	return 0, ErrFull
}

func requestedLifetime(m *stun.Message) time.Duration {
	n, ok := getNumber(m, stun.AttrLifetime)
	if !ok {
		return defaultLifetime
	}
	return min(max(time.Duration(n)*time.Second, defaultLifetime), maxLifetime)
}

// refresh answers Refresh (RFC 8656 §8.2).
func (s *Server) refresh(f Flow, _ *user, m *stun.Message, now int64) []stun.Setter {
	a := s.allocations[f]
	n, asked := getNumber(m, stun.AttrLifetime)
	if asked && n == 0 {
		if a != nil {
			s.drop(a)
		}
		return []stun.Setter{number(stun.AttrLifetime, 0)}
	}
	if a == nil {
		return []stun.Setter{stun.CodeAllocMismatch}
	}
	lifetime := requestedLifetime(m)
	a.expires = now + int64(lifetime)
	return []stun.Setter{number(stun.AttrLifetime, seconds(int64(lifetime)))}
}

// permit answers CreatePermission (RFC 8656 §10.2).
func (s *Server) permit(f Flow, _ *user, m *stun.Message, now int64) []stun.Setter {
	a := s.allocations[f]
	if a == nil {
		return []stun.Setter{stun.CodeAllocMismatch}
	}
	peer, ok := peerAddress(m)
	switch {
	case !ok:
		return []stun.Setter{stun.CodeBadRequest}
	case peer.Addr() != s.peer.Addr():
		return []stun.Setter{stun.CodeForbidden}
	}
	a.allowed[peer.Addr()] = now + int64(bindingLifetime)
	return nil
}

// bind answers ChannelBind (RFC 8656 §12.2).
func (s *Server) bind(f Flow, _ *user, m *stun.Message, now int64) []stun.Setter {
	a := s.allocations[f]
	if a == nil {
		return []stun.Setter{stun.CodeAllocMismatch}
	}
	peer, ok := peerAddress(m)
	n, given := getNumber(m, stun.AttrChannelNumber)
	channel := uint16(n >> 16)
	if !ok || !given || channel < 0x4000 || channel > 0x4fff {
		return []stun.Setter{stun.CodeBadRequest}
	}
	if peer.Addr() != s.peer.Addr() {
		return []stun.Setter{stun.CodeForbidden}
	}
	if old, taken := a.channels[channel]; taken && old.peer != peer {
		return []stun.Setter{stun.CodeBadRequest}
	}
	for other, b := range a.channels {
		if b.peer == peer && other != channel {
			return []stun.Setter{stun.CodeBadRequest}
		}
	}
	if _, again := a.channels[channel]; !again && len(a.channels) >= perAllocation {
		return []stun.Setter{stun.CodeInsufficientCapacity}
	}
	a.channels[channel] = binding{peer: peer, expires: now + int64(bindingLifetime)}
	a.allowed[peer.Addr()] = now + int64(bindingLifetime)
	if peer == s.peer {
		a.channel.Store(uint32(channel))
	}
	return nil
}

// send takes a Send indication (RFC 8656 §11.2).
func (s *Server) send(f Flow, m *stun.Message, now int64) (d Delivery) {
	peer, ok := peerAddress(m)
	data, err := m.Get(stun.AttrData)
	if !ok || err != nil || peer != s.peer {
		return d
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.allocations[f]
	if a == nil || a.allowed[peer.Addr()] < now {
		return d
	}
	return Delivery{Allocation: a, Data: data}
}
