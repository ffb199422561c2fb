package etf

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// Compare orders terms as Erlang's < and == do: number < atom < reference <
// fun < port < pid < tuple < map < [] < list < bit string, where 1 and 1.0
// compare as equal (but not inside of map keys). Values that are no terms come
// last and compare as equal.
func Compare(a, b Term) int { return compareTerms(plain(a), plain(b), false) }

// compareExact orders like Compare but puts all integers before all floats, as
// Erlang orders the keys of a map: it is 0 only for equal terms.
func compareExact(a, b Term) int { return compareTerms(plain(a), plain(b), true) }

// rankNil is the rank of the empty list.
const rankNil = 9

// rank is the place of a plain term's type in Erlang's order.
func rank(t Term) int {
	switch v := t.(type) {
	case int64, float64, *big.Int:
		return 0
	case Atom:
		return 1
	case Ref:
		return 2
	case Fun, Export:
		return 3
	case Port:
		return 4
	case Pid:
		return 5
	case Tuple:
		return 6
	case Record:
		return 7
	case Map:
		return 8
	case List:
		if len(v) == 0 {
			return rankNil
		}
		return 10
	case ImproperList:
		return 10
	case []byte, BitString:
		return 11
	}
	return 12
}

func compareTerms(a, b Term, exact bool) int {
	ra, rb := rank(a), rank(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch x := a.(type) {
	case int64, float64, *big.Int:
		return compareNumbers(a, b, exact)
	case Atom:
		return strings.Compare(string(x), string(b.(Atom)))
	case Ref:
		return compareRefs(x, b.(Ref))
	case Port:
		y := b.(Port)
		return cmp.Or(cmp.Compare(x.Node, y.Node), cmp.Compare(x.Creation, y.Creation), cmp.Compare(x.ID, y.ID))
	case Pid:
		return comparePids(x, b.(Pid))
	case Fun, Export:
		return compareFuns(a, b, exact)
	case Tuple:
		y := b.(Tuple)
		return cmp.Or(cmp.Compare(len(x), len(y)), compareAll(x, y, exact))
	case Record:
		return compareRecords(x, b.(Record), exact)
	case Map:
		return compareMaps(x, b.(Map), exact)
	case List, ImproperList:
		return compareLists(a, b, exact)
	case []byte, BitString:
		return compareBits(a, b)
	}
	return 0
}

func compareAll(a, b []Term, exact bool) int {
	return slices.CompareFunc(a, b, func(x, y Term) int { return compareTerms(plain(x), plain(y), exact) })
}

// compareNumbers compares exactly, without rounding either side.
func compareNumbers(a, b Term, exact bool) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case *big.Int:
		if y, ok := b.(*big.Int); ok {
			return x.Cmp(y)
		}
	}
	_, aFloat := a.(float64)
	_, bFloat := b.(float64)
	switch {
	case !exact || aFloat == bFloat:
		return bigFloat(a).Cmp(bigFloat(b))
	case bFloat:
		return -1
	}
	return 1
}

// bigFloat holds any number without loss.
func bigFloat(t Term) *big.Float {
	switch v := t.(type) {
	case int64:
		return new(big.Float).SetInt64(v)
	case *big.Int:
		return new(big.Float).SetInt(v)
	case float64:
		if v == v { // SetFloat64 panics on NaN, which is no term
			return new(big.Float).SetFloat64(v)
		}
	}
	return new(big.Float)
}

func compareBits(a, b Term) int {
	x, xBits := bitsOf(a)
	y, yBits := bitsOf(b)
	return cmp.Or(bytes.Compare(x, y), cmp.Compare(xBits, yBits))
}

// bitsOf gives the bytes, unused bits cleared, and the number of bits.
func bitsOf(t Term) ([]byte, int) {
	switch v := t.(type) {
	case []byte:
		return v, 8 * len(v)
	case BitString:
		n := len(v.Bytes)
		if n == 0 || v.Bits > 7 {
			return v.Bytes, 8 * n
		}
		p := slices.Clone(v.Bytes)
		p[n-1] &^= 0xff >> v.Bits
		return p, 8*(n-1) + int(v.Bits)
	}
	return nil, 0
}

// compareLists compares element by element, then the tails.
func compareLists(a, b Term, exact bool) int {
	x, xTail := listParts(a)
	y, yTail := listParts(b)
	n := min(len(x), len(y))
	if c := compareAll(x[:n], y[:n], exact); c != 0 {
		return c
	}
	a, b = rest(x[n:], xTail), rest(y[n:], yTail)
	if rank(a) == rankNil && rank(b) == rankNil {
		return 0
	}
	return compareTerms(a, b, exact)
}

func listParts(t Term) (head []Term, tail Term) {
	switch v := t.(type) {
	case List:
		return v, List(nil)
	case ImproperList:
		return v.Head, plain(v.Tail)
	}
	return nil, t
}

// rest is the list of what is left of head, then tail.
func rest(head []Term, tail Term) Term {
	if len(head) == 0 {
		return tail
	}
	if l, ok := tail.(List); ok && len(l) == 0 {
		return List(head)
	}
	return ImproperList{Head: head, Tail: tail}
}

// compareMaps compares sizes, then all keys, then all values.
func compareMaps(a, b Map, exact bool) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	a, b = sortedMap(a), sortedMap(b)
	keys := slices.CompareFunc(a, b, func(x, y MapEntry) int { return compareExact(x.Key, y.Key) })
	if keys != 0 {
		return keys
	}
	return slices.CompareFunc(a, b, func(x, y MapEntry) int {
		return compareTerms(plain(x.Value), plain(y.Value), exact)
	})
}

// sortedMap gives m in the order of its keys.
func sortedMap(m Map) Map {
	m = slices.Clone(m)
	slices.SortStableFunc(m, func(x, y MapEntry) int { return compareExact(x.Key, y.Key) })
	return m
}
