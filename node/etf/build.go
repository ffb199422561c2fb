package etf

import "fmt"

// M makes a Map of alternating keys and values, for literals:
//
//	etf.M(etf.Atom("node"), name, etf.Atom("rooms_number"), 3)
//
// A string key is a binary, as everywhere in this package; for atom keys see
// A. M panics when kv has an odd length, which is a mistake in the source.
func M(kv ...Term) Map {
	if len(kv)%2 != 0 {
		panic(fmt.Sprintf("etf.M: key without value in %d arguments", len(kv)))
	}
	m := make(Map, 0, len(kv)/2)
	for i := 0; i < len(kv); i += 2 {
		m = m.Put(kv[i], kv[i+1])
	}
	return m
}

// T makes a Tuple.
func T(elements ...Term) Tuple { return elements }

// L makes a List.
func L(elements ...Term) List { return elements }

// Cons makes [head | tail]: an ImproperList, or a List when tail is one.
func Cons(head, tail Term) Term {
	switch v := tail.(type) {
	case List:
		return append(List{head}, v...)
	case ImproperList:
		return ImproperList{Head: append([]Term{head}, v.Head...), Tail: v.Tail}
	}
	return ImproperList{Head: []Term{head}, Tail: tail}
}

// Charlist makes the list of the characters of s, Erlang's "s".
func Charlist(s string) List {
	l := make(List, 0, len(s))
	for _, c := range s {
		l = append(l, int64(c))
	}
	return l
}

// Struct makes the Map of an Elixir struct: module is the full name, such as
// "Elixir.Fishjam.Room.Config".
func Struct(module Atom, kv ...Term) Map {
	return M(append([]Term{structKey, module}, kv...)...)
}

const structKey Atom = "__struct__"

// Put sets key to value: in place where the key is there, else appended. Use
// it as append is used.
func (m Map) Put(key, value Term) Map {
	if i := m.index(key); i >= 0 {
		m[i].Value = value
		return m
	}
	return append(m, MapEntry{Key: key, Value: value})
}

// Get gives the value of key, compared as Equal does.
func (m Map) Get(key Term) (Term, bool) {
	if i := m.index(key); i >= 0 {
		return m[i].Value, true
	}
	return nil, false
}

// Atom gives the value of the atom key, nil when there is none: for maps of
// a known shape, where the next step is a type assertion or an As function.
func (m Map) Atom(key Atom) Term {
	for i := range m {
		if a, ok := m[i].Key.(Atom); ok && a == key {
			return m[i].Value
		}
	}
	return nil
}

// StructName gives the module of an Elixir struct.
func (m Map) StructName() (Atom, bool) { return AsAtom(m.Atom(structKey)) }

// index finds key, -1 when it is not there.
func (m Map) index(key Term) int {
	for i := range m {
		if Equal(m[i].Key, key) {
			return i
		}
	}
	return -1
}

// lastWins drops all but the last entry of each key, at its first place.
func (m Map) lastWins() Map {
	if len(m) <= smallMap {
		out := make(Map, 0, len(m))
		for _, e := range m {
			out = out.Put(e.Key, e.Value)
		}
		return out
	}
	places := make(map[string]int, len(m))
	out := make(Map, 0, len(m))
	var b []byte
	for _, e := range m {
		key, err := AppendBody(b[:0], e.Key)
		b = key
		if i, ok := places[string(key)]; ok && err == nil {
			out[i].Value = e.Value
			continue
		}
		places[string(key)] = len(out)
		out = append(out, e)
	}
	return out
}
