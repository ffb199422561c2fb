package etf

import "unicode/utf8"

// AsAtom gives an atom; a Go bool is one too.
func AsAtom(t Term) (Atom, bool) {
	switch v := t.(type) {
	case Atom:
		return v, true
	case bool:
		return Bool(v), true
	}
	return "", false
}

// AsBool gives the atoms true and false as a bool.
func AsBool(t Term) (value, ok bool) {
	a, _ := AsAtom(t)
	return a == True, a == True || a == False
}

// AsInt gives an integer that fits into 64 bits.
func AsInt(t Term) (int64, bool) { return smallInt(t) }

// AsFloat gives a float, or an integer of 64 bits as a float.
func AsFloat(t Term) (float64, bool) {
	if f, ok := t.(float64); ok {
		return f, true
	}
	n, ok := smallInt(t)
	return float64(n), ok
}

// AsBinary gives the bytes of a binary, not copied.
func AsBinary(t Term) ([]byte, bool) {
	switch v := t.(type) {
	case []byte:
		return v, true
	case string:
		return []byte(v), true
	case Shared:
		return v, true
	}
	return nil, false
}

// AsString gives a binary as a string: what Elixir calls a string.
func AsString(t Term) (string, bool) {
	switch v := t.(type) {
	case []byte:
		return string(v), true
	case string:
		return v, true
	case Shared:
		return string(v), true
	}
	return "", false
}

// AsText gives what people mean by text: a binary, an atom or a charlist.
func AsText(t Term) (string, bool) {
	if s, ok := AsString(t); ok {
		return s, true
	}
	if a, ok := AsAtom(t); ok {
		return string(a), true
	}
	l, ok := t.(List)
	if !ok {
		return "", false
	}
	b := make([]byte, 0, len(l))
	for _, e := range l {
		c, ok := smallInt(e)
		if !ok || c < 0 || c > utf8.MaxRune || !utf8.ValidRune(rune(c)) {
			return "", false
		}
		b = utf8.AppendRune(b, rune(c))
	}
	return string(b), true
}

// AsTuple gives a tuple of n elements; n < 0 takes any size.
func AsTuple(t Term, n int) (Tuple, bool) {
	v, ok := t.(Tuple)
	return v, ok && (n < 0 || len(v) == n)
}

// AsTagged gives the tuple whose first element is the atom tag and that has n
// elements with it; n < 0 takes any size.
func AsTagged(t Term, tag Atom, n int) (Tuple, bool) {
	v, ok := AsTuple(t, n)
	if !ok || len(v) == 0 {
		return nil, false
	}
	a, ok := AsAtom(v[0])
	return v, ok && a == tag
}

// AsList gives a proper list. Charlists are lists like any other.
func AsList(t Term) (List, bool) {
	switch v := t.(type) {
	case List:
		return v, true
	case []string:
		l := make(List, len(v))
		for i, s := range v {
			l[i] = s
		}
		return l, true
	}
	return nil, false
}

// AsMap gives a map.
func AsMap(t Term) (Map, bool) {
	m, ok := t.(Map)
	return m, ok
}

// AsPid gives a pid.
func AsPid(t Term) (Pid, bool) {
	p, ok := t.(Pid)
	return p, ok
}

// AsRef gives a reference.
func AsRef(t Term) (Ref, bool) {
	r, ok := t.(Ref)
	return r, ok
}

// MakeRef makes a reference of one to five words; more are cut off.
func MakeRef(node Atom, creation uint32, words ...uint32) Ref {
	r := Ref{Node: node, Creation: creation}
	r.Len = uint8(copy(r.Words[:], words))
	return r
}

// IsZero tells whether p is the zero Pid, which is no process.
func (p Pid) IsZero() bool { return p == Pid{} }

// IsZero tells whether r is the zero Ref, which cannot be encoded.
func (r Ref) IsZero() bool { return r == Ref{} }
