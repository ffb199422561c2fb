package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/pion/stun/v4"

	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/turn"
)

// Kinds of packets by their first byte (RFC 7983 §7).
func isSTUN(b []byte) bool  { return len(b) >= 20 && b[0] < 4 }
func isDTLS(b []byte) bool  { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }
func isMedia(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 }
func isRTCP(b []byte) bool  { return b[1] >= 192 && b[1] <= 223 } // RFC 5761 §4

func (s *Socket) readUDP(ctx context.Context) error {
	homes := newHomes(s.udp, s.LocalAddr().Addr())
	for {
		p := s.pool.Get()
		n, from, at, err := homes.read(p.Buffer())
		if err != nil {
			p.Release()
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			continue // an ICMP error of some client's address
		}
		p.SetSize(n)
		p.Arrival = s.Now()
		s.sort(p, turn.Flow{Addr: netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}, via{home: at})
	}
}

// via is how a datagram came: over a stream, or to one of several addresses of
// the UDP socket. The zero value: to the one there is.
type via struct {
	stream *stream
	home   *home
}

// sort says where a datagram belongs. It owns p.
func (s *Socket) sort(p *rtp.Packet, f turn.Flow, v via) {
	b := p.Bytes()
	switch {
	case isSTUN(b):
		s.stun(p, f, v)
		p.Release()
	case turn.IsChannelData(b):
		d, ok := s.turn.Channel(f, b)
		if !ok {
			p.Release()
			return
		}
		p.SetSize(copy(p.Buffer(), d.Data))
		s.deliver(p, s.relayRoute(d.Allocation, v))
	case v.stream == nil:
		s.mu.RLock()
		route := s.direct[f.Addr]
		s.mu.RUnlock()
		s.deliver(p, route)
	default:
		p.Release()
	}
}

// deliver hands a packet that came over a route to the session there.
func (s *Socket) deliver(p *rtp.Packet, r *Route) {
	b := p.Bytes()
	if isSTUN(b) && r != nil {
		s.check(b, r)
		p.Release()
		return
	}
	var owner *Session
	if r != nil {
		owner = r.owner.Load()
	}
	switch {
	case owner == nil:
		p.Release()
	case isDTLS(b):
		owner.dtls.push(b)
		p.Release()
	case isMedia(b):
		owner.enqueue(p)
	default:
		p.Release()
	}
}

// stun takes a STUN message that is in no envelope: a TURN request, or an ICE
// check of a client that needs no TURN.
func (s *Socket) stun(p *rtp.Packet, f turn.Flow, v via) {
	b := p.Bytes()
	if v.stream == nil && isCheck(b) {
		s.mu.RLock()
		route := s.direct[f.Addr]
		s.mu.RUnlock()
		if route == nil || !route.from(v.home) {
			route = newRoute(s, f.Addr, v) // kept once it is authentic
		}
		s.check(b, route)
		return
	}
	reply, d := s.turn.Handle(f, b, s.Now())
	if reply != nil {
		newRoute(s, f.Addr, v).write(reply)
	}
	if d.Allocation == nil {
		return
	}
	inner := s.pool.Get()
	inner.Arrival = p.Arrival
	inner.SetSize(copy(inner.Buffer(), d.Data))
	s.deliver(inner, s.relayRoute(d.Allocation, v))
}

// isCheck reports whether a message is a binding request with a user name.
func isCheck(b []byte) bool {
	if b[0] != 0 || b[1] != 1 {
		return false
	}
	m := &stun.Message{Raw: b}
	return m.Decode() == nil && m.Contains(stun.AttrUsername)
}

// relayRoute is the route of an allocation, made when it is first used.
func (s *Socket) relayRoute(a *turn.Allocation, v via) *Route {
	s.mu.RLock()
	r, ok := a.Owner.(*Route)
	s.mu.RUnlock()
	if ok {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok = a.Owner.(*Route); !ok {
		r = newRoute(s, a.Flow.Addr, v)
		r.relay = a
		a.Owner = r
	}
	return r
}
