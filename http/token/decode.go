package token

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

var errTerm = errors.New("malformed term")

// maxDepth bounds nesting.
const maxDepth = 16

type (
	atom  string
	tuple []any
	// pair is an entry of a map.
	pair struct{ key, value any }
)

// decode reads a payload: the 3-tuple, or what older versions made of it, a
// 2-tuple and a map with the keys data and signed.
func decode(payload []byte) (Claims, int64, error) {
	if len(payload) == 0 || payload[0] != version {
		return Claims{}, 0, errTerm
	}
	r := &reader{rest: payload[1:]}
	t := r.term(0)
	if r.failed || len(r.rest) != 0 {
		return Claims{}, 0, errTerm
	}
	var data, signed any
	switch t := t.(type) {
	case tuple:
		if len(t) != 2 && len(t) != 3 {
			return Claims{}, 0, errTerm
		}
		data, signed = t[0], t[1]
	case []pair:
		data, signed = field(t, "data"), field(t, "signed")
	}
	at, isInt := signed.(int64)
	fields, isMap := data.([]pair)
	peer, hasPeer := field(fields, "peer_id").([]byte)
	room, hasRoom := field(fields, "room_id").([]byte)
	if !isInt || !isMap || !hasPeer || !hasRoom || !utf8.Valid(peer) || !utf8.Valid(room) {
		return Claims{}, 0, errTerm
	}
	return Claims{Room: string(room), Peer: string(peer)}, at, nil
}

func field(m []pair, key atom) any {
	for _, p := range m {
		if p.key == any(key) {
			return p.value
		}
	}
	return nil
}

// reader reads terms; after a failure it returns zero values. Nothing is
// allocated before its bytes are there.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n < 0 || n > len(r.rest) {
		r.failed = true
		return make([]byte, min(max(n, 0), 8))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() int   { return int(r.take(1)[0]) }
func (r *reader) uint16() int { return int(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) uint32() int { return int(binary.BigEndian.Uint32(r.take(4))) }

func (r *reader) term(depth int) any {
	if depth > maxDepth {
		r.failed = true
		return nil
	}
	switch r.byte() {
	case tagByte:
		return int64(r.byte())
	case tagInteger:
		return int64(int32(r.uint32()))
	case tagBig:
		return r.big()
	case tagFloat:
		r.take(8)
	case tagAtom, tagAtomUTF8:
		return atom(r.take(r.uint16()))
	case tagSmallAtom, tagSmallAtom8:
		return atom(r.take(r.byte()))
	case tagBinary:
		return r.take(r.uint32())
	case tagString:
		r.take(r.uint16())
	case tagNil:
	case tagList:
		r.terms(r.uint32(), depth)
		r.term(depth + 1) // the tail
	case tagTuple:
		return tuple(r.terms(r.byte(), depth))
	case tagMap:
		return r.pairs(r.uint32(), depth)
	default: // functions, pids and the like have no business in a token
		r.failed = true
	}
	return nil
}

func (r *reader) terms(n, depth int) []any {
	var list []any
	for ; n > 0 && !r.failed; n-- {
		list = append(list, r.term(depth+1))
	}
	return list
}

func (r *reader) pairs(n, depth int) []pair {
	m := []pair{}
	for ; n > 0 && !r.failed; n-- {
		key := r.term(depth + 1)
		if _, comparable := key.(atom); !comparable {
			key = nil
		}
		m = append(m, pair{key, r.term(depth + 1)})
	}
	return m
}

// big reads integers of up to 8 bytes that fit.
func (r *reader) big() any {
	n, negative := r.byte(), r.byte() != 0
	digits := r.take(n)
	var v uint64
	for i := len(digits) - 1; i >= 0; i-- {
		if v >= 1<<55 {
			return nil // no time
		}
		v = v<<8 | uint64(digits[i])
	}
	if negative {
		return -int64(v)
	}
	return int64(v)
}
