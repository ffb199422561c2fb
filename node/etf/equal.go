package etf

import (
	"bytes"
	"math/big"
	"slices"
)

// Equal tells whether a and b are the same term, as =:= does: 1 and 1.0
// differ, maps have no order. Go values that encode alike are equal: an int
// and an int64, a string and a binary, a bool and its atom.
func Equal(a, b Term) bool {
	switch x := a.(type) {
	case Atom:
		if y, ok := b.(Atom); ok {
			return x == y
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Equal(x, y)
		}
	}
	return equalTerms(plain(a), plain(b))
}

// plain converts the convenient Go types to those that Decode makes.
func plain(t Term) Term {
	switch v := t.(type) {
	case Atom, int64, float64, []byte, Tuple, List, Map, Pid, Ref:
		return t
	case bool:
		return Bool(v)
	case string:
		return []byte(v)
	case Shared:
		return []byte(v)
	case []string:
		l, _ := AsList(v)
		return l
	case *big.Int:
		if v != nil && v.IsInt64() {
			return v.Int64()
		}
		return t
	case uint64:
		if n, ok := smallInt(t); ok {
			return n
		}
		return new(big.Int).SetUint64(v)
	case uint:
		return plain(uint64(v))
	case ImproperList:
		return flatten(v)
	}
	if n, ok := smallInt(t); ok {
		return n
	}
	return t
}

// flatten joins tails that are lists again with the head.
func flatten(v ImproperList) Term {
	head := v.Head
	for {
		switch tail := v.Tail.(type) {
		case ImproperList:
			head = append(slices.Clip(head), tail.Head...)
			v = tail
			continue
		case []string:
			l, _ := AsList(tail)
			return List(append(slices.Clip(head), l...))
		case List:
			return List(append(slices.Clip(head), tail...))
		}
		return ImproperList{Head: head, Tail: v.Tail}
	}
}

// equalTerms compares two plain terms.
func equalTerms(a, b Term) bool {
	switch x := a.(type) {
	case Atom, int64, float64, Pid, Port, Ref, Export:
		return a == b
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case *big.Int:
		y, ok := b.(*big.Int)
		return ok && x != nil && y != nil && x.Cmp(y) == 0
	case Tuple:
		y, ok := b.(Tuple)
		return ok && equalAll(x, y)
	case List:
		y, ok := b.(List)
		return ok && equalAll(x, y)
	case ImproperList:
		y, ok := b.(ImproperList)
		return ok && equalAll(x.Head, y.Head) && Equal(x.Tail, y.Tail)
	case Map:
		y, ok := b.(Map)
		return ok && equalMaps(x, y)
	case BitString:
		y, ok := b.(BitString)
		return ok && equalBits(x, y)
	case Fun:
		y, ok := b.(Fun)
		return ok && equalFuns(x, y)
	case Record:
		y, ok := b.(Record)
		return ok && x.Flags == y.Flags && x.Module == y.Module && x.Name == y.Name &&
			slices.Equal(x.Fields, y.Fields) && equalAll(x.Values, y.Values)
	case Opaque:
		y, ok := b.(Opaque)
		return ok && bytes.Equal(x, y)
	}
	return false
}

func equalAll(a, b []Term) bool { return slices.EqualFunc(a, b, Equal) }

// equalBits compares the used bits.
func equalBits(a, b BitString) bool {
	n := len(a.Bytes)
	if a.Bits != b.Bits || n != len(b.Bytes) || n == 0 || a.Bits > 8 {
		return a.Bits == b.Bits && n == 0 && len(b.Bytes) == 0
	}
	return bytes.Equal(a.Bytes[:n-1], b.Bytes[:n-1]) && (a.Bytes[n-1]^b.Bytes[n-1])>>(8-a.Bits) == 0
}

// equalFuns compares as the BEAM does: same code and same environment.
func equalFuns(a, b Fun) bool {
	return a.Module == b.Module && a.Index == b.Index && a.Uniq == b.Uniq && a.Arity == b.Arity &&
		a.OldIndex == b.OldIndex && a.OldUniq == b.OldUniq && equalAll(a.Free, b.Free)
}

// equalMaps compares maps without order: small ones pair by pair, large ones
// through an index by encoded key.
func equalMaps(a, b Map) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) <= smallMap {
		for _, e := range a {
			v, ok := b.Get(e.Key)
			if !ok || !Equal(e.Value, v) {
				return false
			}
		}
		return true
	}
	a, b = sortedMap(a), sortedMap(b)
	return slices.EqualFunc(a, b, func(x, y MapEntry) bool {
		return Equal(x.Key, y.Key) && Equal(x.Value, y.Value)
	})
}
