package node

import (
	"crypto/rand"
	"encoding/binary"
	"strconv"

	"github.com/fjord-media/fjord/node/dist"
)

// NewName names a peer that has a host but no name (erl -sname undefined), as
// OTP does: 64 random bits in base 36. No other link can have that name, so
// there is nothing to arbitrate.
func (a *arbiter) NewName(host string, flags dist.Flags) (name string, creation uint32, ok bool) {
	name = randomAlive() + "@" + host
	if _, err := ParseName(name); err != nil || a.Arbitrate(name, flags) != dist.StatusOK {
		return "", 0, false
	}
	return name, randomCreation(), true
}

func randomAlive() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:]), 36)
}
