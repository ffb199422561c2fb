package node

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"github.com/fjord-media/fjord/node/etf"
)

// Widths of our identifiers. Nodes before OTP 24 (without V4_NC) take no more,
// and we do not know who will see one.
const (
	pidIDBits     = 15
	pidSerialBits = 13
	refFirstBits  = 18
)

// ids makes the pids and references of a node. They carry the creation that
// EPMD gave, so there is none before the registration.
type ids struct {
	node     etf.Atom
	creation uint32
	salt     uint32 // third word of references: differs from start to start
	pids     atomic.Uint64
	refs     atomic.Uint64
	unlinks  atomic.Uint64
}

func newIDs(name string, creation uint32) *ids {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails
	return &ids{node: etf.Atom(name), creation: creation, salt: binary.BigEndian.Uint32(salt[:])}
}

// pid returns the next pid. It comes again after 2^28 others, so the caller
// checks that it is free.
func (g *ids) pid() etf.Pid {
	n := g.pids.Add(1)
	return etf.Pid{
		Node:     g.node,
		ID:       uint32(n & (1<<pidIDBits - 1)),
		Serial:   uint32(n >> pidIDBits & (1<<pidSerialBits - 1)),
		Creation: g.creation,
	}
}

// ref returns a reference of three words that never comes again: 18 and 32 bits
// of a counter, and the salt.
func (g *ids) ref() etf.Ref {
	n := g.refs.Add(1)
	return etf.Ref{
		Node:     g.node,
		Creation: g.creation,
		Len:      3,
		Words:    [5]uint32{uint32(n & (1<<refFirstBits - 1)), uint32(n >> refFirstBits), g.salt},
	}
}

// unlink returns the next id of an UNLINK_ID signal; never 0.
func (g *ids) unlink() uint64 { return g.unlinks.Add(1) }
