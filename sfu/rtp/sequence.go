package rtp

// start is the first extended number: late packets of a stream's first cycle
// stay positive.
const start = 1 << 16

// Unwrapper extends 16-bit sequence numbers to 64 bits. The zero value is
// ready.
type Unwrapper struct {
	base    uint64 // of the epoch
	highest uint64
	begun   bool
}

// An epoch is the stretch of a variant's numbers that comes from one stream: a
// publisher that goes on under another SSRC begins the next one. Every number of
// an epoch is higher than those of the epochs before; between them they are not
// continuous.
const epochShift = 32

// Epoch says which epoch an extended number is of, from 0.
func Epoch(extended uint64) uint32 { return uint32(extended >> epochShift) }

// NewUnwrapper extends the numbers of an epoch.
func NewUnwrapper(epoch uint32) Unwrapper { return Unwrapper{base: uint64(epoch) << epochShift} }

// Unwrap extends a number, taking it for the nearest one to the highest seen.
// It reports whether the number is a new highest.
func (u *Unwrapper) Unwrap(seq uint16) (extended uint64, newest bool) {
	if !u.begun {
		u.begun = true
		u.highest = u.base + start + uint64(seq)
		return u.highest, true
	}
	diff := int64(int16(seq - uint16(u.highest)))
	extended = uint64(int64(u.highest) + diff)
	if diff > 0 {
		u.highest = extended
		return extended, true
	}
	return extended, false
}

// Highest is the highest extended number so far.
func (u *Unwrapper) Highest() uint64 { return u.highest }

// Begun reports whether there was a number yet.
func (u *Unwrapper) Begun() bool { return u.begun }
