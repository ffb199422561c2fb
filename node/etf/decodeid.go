package etf

// creation reads four bytes, or the one byte of the old tags.
func (r *reader) creation(long bool) (uint32, bool) {
	if long {
		return r.uint32()
	}
	c, ok := r.byte()
	return uint32(c), ok
}

// pid reads NEW_PID_EXT and PID_EXT.
func (r *reader) pid(tag byte) (Term, error) {
	p, err := r.pidValue(tag)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (r *reader) pidValue(tag byte) (p Pid, err error) {
	if p.Node, err = r.atom(); err != nil {
		return Pid{}, err
	}
	var ok [3]bool
	p.ID, ok[0] = r.uint32()
	p.Serial, ok[1] = r.uint32()
	p.Creation, ok[2] = r.creation(tag == tagNewPid)
	if ok != [3]bool{true, true, true} {
		return Pid{}, r.fail(ErrTruncated)
	}
	return p, nil
}

// port reads V4_PORT_EXT, NEW_PORT_EXT and PORT_EXT.
func (r *reader) port(tag byte) (Term, error) {
	node, err := r.atom()
	if err != nil {
		return nil, err
	}
	p := Port{Node: node}
	var ok, ok2 bool
	if tag == tagV4Port {
		p.ID, ok = r.uint64()
	} else {
		var id uint32
		id, ok = r.uint32()
		p.ID = uint64(id)
	}
	p.Creation, ok2 = r.creation(tag != tagPort)
	if !ok || !ok2 {
		return nil, r.fail(ErrTruncated)
	}
	return p, nil
}

// ref reads NEWER_REFERENCE_EXT, NEW_REFERENCE_EXT and REFERENCE_EXT.
func (r *reader) ref(tag byte) (Term, error) {
	if tag == tagRef {
		return r.oldRef()
	}
	n, ok := r.uint16()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if n == 0 || n > maxRefWords {
		return nil, r.fail(ErrMalformed)
	}
	node, err := r.atom()
	if err != nil {
		return nil, err
	}
	ref := Ref{Node: node, Len: uint8(n)}
	if ref.Creation, ok = r.creation(tag == tagNewerRef); !ok {
		return nil, r.fail(ErrTruncated)
	}
	for i := range n {
		if ref.Words[i], ok = r.uint32(); !ok {
			return nil, r.fail(ErrTruncated)
		}
	}
	return ref, nil
}

// oldRef reads REFERENCE_EXT.
func (r *reader) oldRef() (Term, error) {
	node, err := r.atom()
	if err != nil {
		return nil, err
	}
	ref := Ref{Node: node, Len: 1}
	var ok, ok2 bool
	ref.Words[0], ok = r.uint32()
	ref.Creation, ok2 = r.creation(false)
	if !ok || !ok2 {
		return nil, r.fail(ErrTruncated)
	}
	return ref, nil
}
