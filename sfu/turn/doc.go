// Package turn is the part of a TURN server (RFC 8656) that is not sockets:
// messages in, messages out, allocations as records. There are no relay
// sockets: every allocation's only peer is the media plane in this process, so
// relayed addresses are names, and a datagram that a client sends to its peer
// has arrived once its envelope is off.
package turn

import (
	"errors"
	"net/netip"
	"time"
)

// Realm is the realm of the long-term credentials, as the original's.
const Realm = "turn.stun.localhost"

// Limits (RFC 8656 §7.2, §9, §12).
const (
	defaultLifetime = 10 * time.Minute
	maxLifetime     = time.Hour
	bindingLifetime = 10 * time.Minute // of channels; permissions are theirs too
	nonceLifetime   = time.Hour
	perUser         = 64 // allocations
	perAllocation   = 8  // channels, permissions
	minRelayPort    = 1024
)

// ErrFull says that all relayed addresses are in use.
var ErrFull = errors.New("no relayed address left")

// Flow identifies who talks to the server: a UDP address, or a TCP connection.
type Flow struct {
	Addr netip.AddrPort // the client's
	Conn uint64         // number of the TCP connection; 0: UDP
}

// Delivery is a datagram that a client sent to a peer through its allocation.
type Delivery struct {
	Allocation *Allocation
	Data       []byte // within the message that was handled
}
