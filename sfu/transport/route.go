package transport

import (
	"net/netip"
	"sync/atomic"

	"github.com/fjord-media/fjord/sfu/turn"
)

// Route is one way to a client: its UDP address, or its TURN allocation over
// UDP or TCP.
type Route struct {
	socket *Socket
	addr   netip.AddrPort   // the client's; of UDP
	home   *home            // the address of ours that the client sends to; nil: there is only one
	stream *stream          // TCP; nil: UDP
	relay  *turn.Allocation // nil: direct
	owner  atomic.Pointer[Session]
}

func newRoute(s *Socket, addr netip.AddrPort, v via) *Route {
	return &Route{socket: s, addr: addr, home: v.home, stream: v.stream}
}

// from reports whether the client sends to an address of ours, as before.
func (r *Route) from(h *home) bool {
	return r.home == h || r.home != nil && h != nil && r.home.addr == h.addr
}

// seen is the address that the client's ICE checks come from: the relayed one
// under TURN.
func (r *Route) seen() netip.AddrPort {
	if r.relay != nil {
		return r.relay.Relayed
	}
	return r.addr
}

// Relayed reports whether the route goes through TURN.
func (r *Route) Relayed() bool { return r.relay != nil }

// headroom is how many bytes come before each packet.
func (r *Route) headroom() int {
	if r.relay != nil {
		return turn.ChannelHeader
	}
	return 0
}

// send sends one packet, in front of which there are headroom bytes that may
// be written. What cannot be sent is lost.
func (r *Route) send(framed []byte) {
	packet := framed[r.headroom():]
	switch channel := r.channel(); {
	case r.relay == nil:
		r.write(packet)
	case channel != 0:
		turn.PutChannel(framed, channel, len(packet))
		r.write(framed)
	case r.relay.Alive():
		if m, err := turn.Data(r.socket.Candidate(), packet); err == nil {
			r.write(m)
		}
	}
}

func (r *Route) channel() uint16 {
	if r.relay == nil || !r.relay.Alive() {
		return 0
	}
	return r.relay.Channel()
}

func (r *Route) write(b []byte) {
	if r.stream != nil {
		r.stream.write(b)
		return
	}
	// A full queue loses packets, as networks do.
	if r.home == nil {
		_, _ = r.socket.udp.WriteToUDPAddrPort(b, r.addr)
		return
	}
	_, _, _ = r.socket.udp.WriteMsgUDPAddrPort(b, r.home.control, r.addr)
}
