package etf

import "unicode/utf8"

// atomTerm reads an atom as a Term. Frequent atoms are not allocated again.
func (r *reader) atomTerm(tag byte) (Term, error) {
	if tag == tagAtomCacheRef {
		return r.cachedAtom()
	}
	p, err := r.atomText(tag)
	if err != nil {
		return nil, err
	}
	if tag == tagSmallAtom || tag == tagAtom {
		if !ascii(p) {
			return Atom(fromLatin1(p)), nil
		}
	} else if err := r.checkAtom(p); err != nil {
		return nil, err
	}
	if t := commonAtom(p); t != nil {
		return t, nil
	}
	if r.cache == nil {
		return Atom(p), nil
	}
	return r.cache.intern(p), nil
}

// atom reads a term that must be an atom, such as the node of a pid.
func (r *reader) atom() (Atom, error) {
	tag, ok := r.byte()
	if !ok {
		return "", r.fail(ErrTruncated)
	}
	switch tag {
	case tagSmallAtomUTF8, tagAtomUTF8, tagAtomCacheRef, tagSmallAtom, tagAtom:
	default:
		r.off--
		return "", r.fail(ErrMalformed)
	}
	t, err := r.atomTerm(tag)
	if err != nil {
		return "", err
	}
	a, _ := t.(Atom)
	return a, nil
}

// cachedAtom reads the position of ATOM_CACHE_REF and looks it up.
func (r *reader) cachedAtom() (Term, error) {
	i, ok := r.byte()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if int(i) >= len(r.table) {
		return nil, r.fail(ErrMalformed)
	}
	if _, ok := r.table[i].(Atom); !ok {
		return nil, r.fail(ErrMalformed)
	}
	return r.table[i], nil
}

// atomText reads the length and the bytes of an atom.
func (r *reader) atomText(tag byte) ([]byte, error) {
	var n int
	var ok bool
	if tag == tagSmallAtomUTF8 || tag == tagSmallAtom {
		var c byte
		c, ok = r.byte()
		n = int(c)
	} else {
		var u uint16
		u, ok = r.uint16()
		n = int(u)
	}
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if n > maxAtomChars*utf8.UTFMax || tag == tagAtom && n > maxAtomChars {
		return nil, r.fail(ErrAtom)
	}
	p, ok := r.take(uint64(n))
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	return p, nil
}

// checkAtom refuses what is no UTF-8 or too long.
func (r *reader) checkAtom(p []byte) error {
	if !utf8.Valid(p) || len(p) > maxAtomChars && utf8.RuneCount(p) > maxAtomChars {
		return r.fail(ErrAtom)
	}
	return nil
}

func ascii(p []byte) bool {
	for _, c := range p {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fromLatin1 converts Latin-1 to UTF-8.
func fromLatin1(p []byte) string {
	runes := make([]rune, len(p))
	for i, c := range p {
		runes[i] = rune(c)
	}
	return string(runes)
}

// commonAtom gives constants, which cost no allocation; nil for all others.
func commonAtom(p []byte) Term {
	switch string(p) {
	case "":
		return Atom("")
	case "ok":
		return OK
	case "nil":
		return Nil
	case "true":
		return True
	case "false":
		return False
	case "error":
		return Error
	case "alias":
		return Atom("alias")
	case "undefined":
		return Undefined
	case "$gen_call":
		return Atom("$gen_call")
	case "$gen_cast":
		return Atom("$gen_cast")
	case "__struct__":
		return Atom("__struct__")
	}
	return nil
}

// atomCache holds recently seen short atoms, one per slot: a newcomer takes
// the slot of its hash from whoever is there. Many decoders of quiet links see
// none, so the slots are made for the first.
type atomCache struct{ slots *[256]Term }

// maxInterned is the length in bytes of the longest atom worth a slot.
const maxInterned = 64

// intern gives p as an Atom.
func (c *atomCache) intern(p []byte) Term {
	if len(p) > maxInterned {
		return Atom(p)
	}
	h := uint32(2166136261) // FNV-1a
	for _, b := range p {
		h = (h ^ uint32(b)) * 16777619
	}
	if c.slots == nil {
		c.slots = new([256]Term)
	}
	slot := &c.slots[(h^h>>16)&0xff]
	if a, ok := (*slot).(Atom); ok && string(a) == string(p) {
		return *slot
	}
	*slot = Atom(p)
	return *slot
}
