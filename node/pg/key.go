package pg

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// keyOf is a string that is equal for equal groups (=:= of Erlang) and only for
// them. It fails for what cannot be encoded.
func keyOf(t etf.Term) (string, error) {
	if a, ok := etf.AsAtom(t); ok {
		if !a.Valid() {
			return "", fmt.Errorf("%q: %w", a, ErrBadGroup)
		}
		return string(a), nil // no valid UTF-8 begins with 131 as encoded terms do
	}
	_, key, err := frozen(t)
	return key, err
}

// frozen is a copy of a term that its maker cannot change any more, and its key.
func frozen(t etf.Term) (etf.Term, string, error) {
	if a, ok := etf.AsAtom(t); ok {
		key, err := keyOf(a)
		return a, key, err
	}
	b, err := etf.Encode(t)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrBadGroup, err)
	}
	own, _, err := etf.Decode(b)
	if err != nil { // such as: deeper than anybody would decode
		return nil, "", fmt.Errorf("%w: %w", ErrBadGroup, err)
	}
	if hasMap(own) {
		own = ordered(own)
		if b, err = etf.Encode(own); err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrBadGroup, err)
		}
	}
	return own, string(b), nil
}

// hasMap says whether there is a map with several keys in a decoded term.
func hasMap(t etf.Term) bool {
	switch v := t.(type) {
	case etf.Map:
		return len(v) > 1 || slices.ContainsFunc(v, func(e etf.MapEntry) bool { return hasMap(e.Key) || hasMap(e.Value) })
	case etf.Tuple:
		return slices.ContainsFunc(v, hasMap)
	case etf.List:
		return slices.ContainsFunc(v, hasMap)
	case etf.ImproperList:
		return slices.ContainsFunc(v.Head, hasMap) || hasMap(v.Tail)
	}
	return false
}

// ordered puts the entries of all maps into one order.
func ordered(t etf.Term) etf.Term {
	switch v := t.(type) {
	case etf.Map:
		return orderedMap(v)
	case etf.Tuple:
		return etf.Tuple(orderedAll(v))
	case etf.List:
		return etf.List(orderedAll(v))
	case etf.ImproperList:
		return etf.ImproperList{Head: orderedAll(v.Head), Tail: ordered(v.Tail)}
	}
	return t
}

func orderedAll(list []etf.Term) []etf.Term {
	out := make([]etf.Term, len(list))
	for i, t := range list {
		out[i] = ordered(t)
	}
	return out
}

func orderedMap(m etf.Map) etf.Map {
	type entry struct {
		key []byte
		etf.MapEntry
	}
	entries := make([]entry, 0, len(m))
	for _, e := range m {
		e = etf.MapEntry{Key: ordered(e.Key), Value: ordered(e.Value)}
		b, _ := etf.Encode(e.Key) // it was encoded before
		entries = append(entries, entry{b, e})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	out := make(etf.Map, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.MapEntry)
	}
	return out
}
