package rtp

// start is the first extended number: late packets of a stream's first cycle
// stay positive.
const start = 1 << 16

// Unwrapper extends 16-bit sequence numbers to 64 bits. The zero value is
// ready.
type Unwrapper struct {
	highest uint64
	begun   bool
}

// Unwrap extends a number, taking it for the nearest one to the highest seen.
// It reports whether the number is a new highest.
func (u *Unwrapper) Unwrap(seq uint16) (extended uint64, newest bool) {
	if !u.begun {
		u.begun = true
		u.highest = start + uint64(seq)
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
