package etf

// term reads a term: the table from tags to readers.
func (r *reader) term() (Term, error) {
	tag, ok := r.byte()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	r.tag = tag
	switch tag {
	case tagSmallInt, tagInt:
		return r.integer(tag)
	case tagSmallBig, tagLargeBig:
		return r.big(tag)
	case tagNewFloat:
		return r.newFloat()
	case tagFloat:
		return r.textFloat()
	case tagSmallAtomUTF8, tagAtomUTF8, tagAtomCacheRef, tagSmallAtom, tagAtom:
		return r.atomTerm(tag)
	case tagBinary:
		return r.binary()
	case tagBitBinary:
		return r.bitBinary()
	case tagSmallTuple, tagLargeTuple:
		return r.tuple(tag)
	case tagNil:
		return List(nil), nil
	case tagString, tagList:
		return r.list(tag)
	case tagMap:
		return r.mapping()
	default:
		return r.rareTerm(tag)
	}
}

// rareTerm is the second half of the table.
func (r *reader) rareTerm(tag byte) (Term, error) {
	switch tag {
	case tagNewPid, tagPid:
		return r.pid(tag)
	case tagV4Port, tagNewPort, tagPort:
		return r.port(tag)
	case tagNewerRef, tagNewRef, tagRef:
		return r.ref(tag)
	case tagExport:
		return r.export()
	case tagNewFun:
		return r.fun()
	case tagRecord:
		return r.record()
	case tagLocal:
		return r.local()
	default:
		r.off--
		return nil, r.fail(ErrTag)
	}
}

// binary reads BINARY_EXT.
func (r *reader) binary() (Term, error) {
	n, ok := r.uint32()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	p, ok := r.take(uint64(n))
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	return r.own(p), nil
}

// own copies p unless the caller wants sub-slices.
func (r *reader) own(p []byte) []byte {
	if r.noCopy {
		return p
	}
	return appendLarge([]byte{}, p) // which, unlike make, does not clear what is not very large
}

// bitBinary reads BIT_BINARY_EXT. Eight bits in the last byte make a binary.
func (r *reader) bitBinary() (Term, error) {
	n, ok := r.uint32()
	bits, ok2 := r.byte()
	if !ok || !ok2 {
		return nil, r.fail(ErrTruncated)
	}
	if bits > 8 || (bits == 0) != (n == 0) {
		return nil, r.fail(ErrMalformed)
	}
	p, ok := r.take(uint64(n))
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if bits == 0 || bits == 8 {
		return r.own(p), nil
	}
	// The unused bits may be anything on the wire. They are cleared in a copy,
	// never in the input.
	last := p[n-1] &^ (0xff >> bits)
	if last != p[n-1] {
		p = append(make([]byte, 0, len(p)), p...)
		p[n-1] = last
	} else {
		p = r.own(p)
	}
	return BitString{Bytes: p, Bits: bits}, nil
}

// tuple reads SMALL_TUPLE_EXT and LARGE_TUPLE_EXT.
func (r *reader) tuple(tag byte) (Term, error) {
	n, ok := r.count(tag == tagSmallTuple)
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if err := r.open(n); err != nil {
		return nil, err
	}
	t := make(Tuple, n)
	for i := range t {
		var err error
		if t[i], err = r.element(); err != nil {
			return nil, err
		}
	}
	r.close()
	return t, nil
}

// count reads a count of one byte (short) or four.
func (r *reader) count(short bool) (uint64, bool) {
	if short {
		c, ok := r.byte()
		return uint64(c), ok
	}
	n, ok := r.uint32()
	return uint64(n), ok
}

// mapping reads MAP_EXT.
func (r *reader) mapping() (Term, error) {
	n, ok := r.uint32()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if err := r.open(2 * uint64(n)); err != nil {
		return nil, err
	}
	m := make(Map, n)
	for i := range m {
		var err error
		if m[i].Key, err = r.element(); err != nil {
			return nil, err
		}
		if m[i].Value, err = r.element(); err != nil {
			return nil, err
		}
	}
	r.close()
	if r.safe && m.hasDuplicate() {
		return nil, r.fail(ErrDuplicateKey)
	}
	return m, nil
}
