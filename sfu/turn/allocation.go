package turn

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"github.com/pion/stun/v4"
)

// Allocation is a client's relayed address.
type Allocation struct {
	// Flow is the client's end.
	Flow Flow
	// Relayed is the address that peers see: a name, no socket has it.
	Relayed netip.AddrPort
	// Owner is for the user of the package.
	Owner any

	user     *user
	reply    []byte // to the request that made it, for retransmissions
	request  [stun.TransactionIDSize]byte
	channel  atomic.Uint32 // number bound to our address, 0: none
	dead     atomic.Bool
	expires  int64 // ns; guarded by Server.mu
	allowed  map[netip.Addr]int64
	channels map[uint16]binding
}

type binding struct {
	peer    netip.AddrPort
	expires int64
}

// Channel is the channel number (0x4000–0x4FFF) bound to our address, 0: none.
func (a *Allocation) Channel() uint16 { return uint16(a.channel.Load()) }

// Alive reports whether the allocation may still be used.
func (a *Allocation) Alive() bool { return !a.dead.Load() }

// ChannelHeader is the size in bytes of what comes before a channel's data.
const ChannelHeader = 4

// PutChannel writes the header of channel data (RFC 8656 §12.4) of n bytes.
func PutChannel(header []byte, channel uint16, n int) {
	binary.BigEndian.PutUint16(header, channel)
	binary.BigEndian.PutUint16(header[2:], uint16(n))
}

// IsChannelData reports whether a datagram carries channel data.
func IsChannelData(b []byte) bool { return len(b) >= ChannelHeader && b[0] >= 0x40 && b[0] <= 0x4f }

// Data wraps a datagram from peer for a client without a channel (RFC 8656
// §11.5).
func Data(peer netip.AddrPort, data []byte) ([]byte, error) {
	m, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodData, stun.ClassIndication),
		address(stun.AttrXORPeerAddress, peer), rawAttribute{stun.AttrData, data})
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// addressAttribute is any attribute made like XOR-MAPPED-ADDRESS.
type addressAttribute struct {
	kind stun.AttrType
	addr stun.XORMappedAddress
}

func address(kind stun.AttrType, a netip.AddrPort) addressAttribute {
	return addressAttribute{kind, stun.XORMappedAddress{IP: a.Addr().Unmap().AsSlice(), Port: int(a.Port())}}
}

// AddTo implements stun.Setter.
func (a addressAttribute) AddTo(m *stun.Message) error { return a.addr.AddToAs(m, a.kind) }

type rawAttribute struct {
	kind  stun.AttrType
	value []byte
}

// AddTo implements stun.Setter.
func (a rawAttribute) AddTo(m *stun.Message) error {
	m.Add(a.kind, a.value)
	return nil
}

// peerAddress reads an XOR-PEER-ADDRESS.
func peerAddress(m *stun.Message) (netip.AddrPort, bool) {
	var x stun.XORMappedAddress
	if x.GetFromAs(m, stun.AttrXORPeerAddress) != nil {
		return netip.AddrPort{}, false
	}
	ip, ok := netip.AddrFromSlice(x.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(x.Port)), ok
}

func number(kind stun.AttrType, n uint32) rawAttribute {
	return rawAttribute{kind, binary.BigEndian.AppendUint32(nil, n)}
}

// getNumber reads an attribute whose first four bytes are a number.
func getNumber(m *stun.Message, kind stun.AttrType) (uint32, bool) {
	v, err := m.Get(kind)
	if err != nil || len(v) < 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}
