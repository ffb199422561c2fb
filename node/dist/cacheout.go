package dist

import (
	"encoding/binary"

	"github.com/fjord-media/fjord/node/etf"
)

// cacheSlots is the size of an atom cache.
const cacheSlots = 2048

// atomCacheOut is the sending half of the atom cache. Slots are given in
// order, and over again from the first when all are taken. The writer alone
// uses it, when it puts a frame on the wire: the peer's half changes in the
// same order.
type atomCacheOut struct {
	slots map[etf.Atom]uint16
	atoms []etf.Atom // by slot
	next  uint16     // slot to give
}

// slot finds the slot of atom, or gives it one (fresh).
func (c *atomCacheOut) slot(atom etf.Atom) (slot uint16, fresh bool) {
	if slot, ok := c.slots[atom]; ok {
		return slot, false
	}
	if c.slots == nil {
		c.slots = make(map[etf.Atom]uint16)
	}
	slot = c.next
	if int(slot) == len(c.atoms) {
		c.atoms = append(c.atoms, atom)
	} else {
		delete(c.slots, c.atoms[slot])
		c.atoms[slot] = atom
	}
	c.slots[atom] = slot
	c.next = (slot + 1) % cacheSlots
	return slot, true
}

// appendRefs appends the references to at most maxFrameAtoms atoms, which tag
// 82 names by position.
func (c *atomCacheOut) appendRefs(b []byte, atoms []etf.Atom) []byte {
	n := len(atoms)
	b = append(b, byte(n))
	if n == 0 {
		return b
	}
	flags := len(b)
	b = append(b, make([]byte, n/2+1)...)
	long := anyLong(atoms)
	if long {
		setNibble(b[flags:], n, longAtoms)
	}
	for i, atom := range atoms {
		slot, fresh := c.slot(atom)
		b = append(b, byte(slot))
		if !fresh {
			setNibble(b[flags:], i, byte(slot>>8))
			continue
		}
		setNibble(b[flags:], i, byte(slot>>8)|newEntry)
		if long {
			b = binary.BigEndian.AppendUint16(b, uint16(len(atom)))
		} else {
			b = append(b, byte(len(atom)))
		}
		b = append(b, atom...)
	}
	return b
}

func anyLong(atoms []etf.Atom) bool {
	for _, a := range atoms {
		if len(a) > 255 {
			return true
		}
	}
	return false
}

func setNibble(b []byte, i int, v byte) { b[i/2] |= v << (4 * (i & 1)) }
