package etf

// export reads EXPORT_EXT.
func (r *reader) export() (Term, error) {
	if r.safe {
		return nil, r.fail(ErrUnsafe)
	}
	module, err := r.atom()
	if err != nil {
		return nil, err
	}
	function, err := r.atom()
	if err != nil {
		return nil, err
	}
	arity, err := r.int64()
	if err != nil {
		return nil, err
	}
	if arity < 0 || arity > 255 {
		return nil, r.fail(ErrMalformed)
	}
	return Export{Module: module, Function: function, Arity: uint8(arity)}, nil
}

// int64 reads a term that must be an integer of 64 bits.
func (r *reader) int64() (int64, error) {
	tag, ok := r.byte()
	if !ok {
		return 0, r.fail(ErrTruncated)
	}
	var t Term
	var err error
	switch tag {
	case tagSmallInt, tagInt:
		t, err = r.integer(tag)
	case tagSmallBig:
		t, err = r.big(tag)
	default:
		r.off--
	}
	if err != nil {
		return 0, err
	}
	n, ok := t.(int64)
	if !ok {
		return 0, r.fail(ErrMalformed)
	}
	return n, nil
}

// fun reads NEW_FUN_EXT. The size in front is not used, as in the BEAM.
func (r *reader) fun() (Term, error) {
	if r.safe {
		return nil, r.fail(ErrUnsafe)
	}
	p, ok := r.take(4 + 1 + 16)
	index, ok2 := r.uint32()
	free, ok3 := r.uint32()
	if !ok || !ok2 || !ok3 {
		return nil, r.fail(ErrTruncated)
	}
	f := Fun{Arity: p[4], Index: index}
	copy(f.Uniq[:], p[5:])
	if err := r.open(uint64(free)); err != nil {
		return nil, err
	}
	if err := r.funIdentity(&f); err != nil {
		return nil, err
	}
	f.Free = make([]Term, free)
	for i := range f.Free {
		var err error
		if f.Free[i], err = r.element(); err != nil {
			return nil, err
		}
	}
	r.close()
	return f, nil
}

// funIdentity reads module, old index, old uniq and pid.
func (r *reader) funIdentity(f *Fun) (err error) {
	if f.Module, err = r.atom(); err != nil {
		return err
	}
	if f.OldIndex, err = r.int64(); err != nil {
		return err
	}
	if f.OldUniq, err = r.int64(); err != nil {
		return err
	}
	tag, ok := r.byte()
	if !ok {
		return r.fail(ErrTruncated)
	}
	if tag != tagNewPid && tag != tagPid {
		r.off--
		return r.fail(ErrMalformed)
	}
	f.Pid, err = r.pidValue(tag)
	return err
}

// record reads RECORD_EXT: all field names come before all values.
func (r *reader) record() (Term, error) {
	n, ok := r.uint32()
	flags, ok2 := r.byte()
	if !ok || !ok2 {
		return nil, r.fail(ErrTruncated)
	}
	if err := r.open(2 + 2*uint64(n)); err != nil {
		return nil, err
	}
	rec := Record{Flags: flags}
	for _, a := range []*Atom{&rec.Module, &rec.Name} {
		var err error
		r.owed--
		if *a, err = r.atom(); err != nil {
			return nil, err
		}
	}
	rec.Fields, rec.Values = make([]Atom, n), make([]Term, n)
	for i := range rec.Fields {
		var err error
		r.owed--
		if rec.Fields[i], err = r.atom(); err != nil {
			return nil, err
		}
	}
	for i := range rec.Values {
		var err error
		if rec.Values[i], err = r.element(); err != nil {
			return nil, err
		}
	}
	r.close()
	return rec, nil
}

// local reads LOCAL_EXT. Only its maker knows how long it is, so it takes all
// that is left.
func (r *reader) local() (Term, error) {
	if r.safe {
		return nil, r.fail(ErrUnsafe)
	}
	if r.clamped {
		return nil, r.fail(ErrTooLarge)
	}
	p, _ := r.take(uint64(r.left()))
	return Opaque(r.own(p)), nil
}
