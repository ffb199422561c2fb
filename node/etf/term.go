// Package etf is Erlang's external term format (ERTS User's Guide, "External
// Term Format"): every tag that OTP 25 to 29 write or still read.
//
// Decode and Encode convert between bytes and Go values, see Term. A Decoder
// and an Encoder do the same for distribution messages, whose atoms may be
// references to a list in the message's header. DecodeSafe is for tokens and
// other small documents of strangers.
//
// Input is never trusted: counts are compared with the bytes that are left
// before anything is allocated, nesting is limited, and atoms are ordinary
// strings that the garbage collector frees.
//
// Terms are taken apart with the As functions and Map.Get, compared with Equal
// (=:=) and Compare (<, ==), printed in Erlang syntax with String and Format,
// and read from it with Parse.
package etf

import "math/big"

// Term is any Erlang term as a Go value. Decode makes exactly these:
//
//	Atom            atoms (true, false, nil and undefined too)
//	int64           integers that fit
//	*big.Int        other integers
//	float64         floats
//	[]byte          binaries
//	BitString       bit strings whose last byte is not full
//	Tuple           tuples
//	List            proper lists, [] too (tag 107 and tag 108 alike)
//	ImproperList    lists whose tail is no list
//	Map             maps, keys of any type
//	Pid, Port, Ref  identifiers
//	Export          fun M:F/A
//	Fun             other funs, opaque but re-encodable
//	Record          native records of OTP 29
//	Opaque          LOCAL_EXT, only meaningful to its maker
//
// Encode takes these and, for convenience, bool (an atom), string (a binary,
// as Elixir's strings are), Shared, all Go integer types and []string (list of
// binaries). Any other type, nil too, is an error that names it. A map with
// the same key twice is an error as well: a BEAM node that received it would
// drop the connection.
type Term = any

// Atom is an atom; at most 255 characters of UTF-8.
type Atom string

// Tuple is a tuple.
type Tuple []Term

// List is a proper list; nil and an empty List are [].
type List []Term

// ImproperList is [Head... | Tail] with a Tail that is no list.
type ImproperList struct {
	Head []Term // at least one
	Tail Term
}

// BitString is a bit string whose length is no multiple of eight.
type BitString struct {
	Bytes []byte
	Bits  uint8 // used bits of the last byte, 1..7, the high ones
}

// Shared is a binary whose bytes nobody ever changes again, neither after a send
// has returned nor after it has failed: a link may still write them then. So it,
// and strings, which are like that by nature, are sent from where they are if
// they have 16 KiB and more; []byte is copied and free once a send returns. A
// part keeps the whole of its memory alive as long as it is queued. Bytes that
// were received may be shared only if their message is not released.
type Shared []byte

// Map is a map. Order carries no meaning; keys may be any term.
type Map []MapEntry

// MapEntry is one association of a Map.
type MapEntry struct {
	Key, Value Term
}

// Pid identifies a process. It is comparable.
type Pid struct {
	Node       Atom
	ID, Serial uint32
	Creation   uint32
}

// Port identifies a port. It is comparable.
type Port struct {
	Node     Atom
	ID       uint64
	Creation uint32
}

// Ref is a reference of one to five words. It is comparable.
type Ref struct {
	Node     Atom
	Creation uint32
	Len      uint8
	Words    [5]uint32
}

// Export is fun Module:Function/Arity.
type Export struct {
	Module, Function Atom
	Arity            uint8
}

// Fun is a local fun. It can be passed on but not called.
type Fun struct {
	Arity    uint8
	Uniq     [16]byte
	Index    uint32
	Module   Atom
	OldIndex int64
	OldUniq  int64
	Pid      Pid
	Free     []Term
}

// Record is a native record (OTP 29, tag 67).
type Record struct {
	Flags        uint8
	Module, Name Atom
	Fields       []Atom
	Values       []Term
}

// Opaque is a LOCAL_EXT term: the bytes after tag 121.
type Opaque []byte

var _ Term = (*big.Int)(nil)
