package etf

// list reads STRING_EXT and LIST_EXT. A list whose tail is written as yet
// another list is one list to Erlang; the parts are read in a loop, so that a
// chain of tails costs neither depth nor repeated copying.
func (r *reader) list(tag byte) (Term, error) {
	if tag == tagString {
		chars, err := r.chars(nil)
		if err != nil {
			return nil, err
		}
		return List(chars), nil
	}
	if r.depth == 0 {
		return nil, r.fail(ErrTooDeep)
	}
	r.depth--
	head, err := r.heads(nil)
	for err == nil {
		next, ok := r.byte()
		if !ok {
			return nil, r.fail(ErrTruncated)
		}
		r.owed--
		r.tag = next
		switch next {
		case tagList:
			head, err = r.heads(head)
			continue
		case tagString:
			head, err = r.chars(head)
		case tagNil:
		default:
			r.off--
			return r.improper(head)
		}
		r.depth++
		return List(head), err
	}
	return nil, err
}

// heads reads the count and the elements of LIST_EXT; the tail is then owed.
func (r *reader) heads(head []Term) ([]Term, error) {
	n, ok := r.uint32()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if err := r.claim(uint64(n), 1); err != nil {
		return nil, err
	}
	head = grow(head, int(n))
	for range n {
		t, err := r.element()
		if err != nil {
			return nil, err
		}
		head = append(head, t)
	}
	return head, nil
}

// chars reads the length and the bytes of STRING_EXT as integers.
func (r *reader) chars(head []Term) ([]Term, error) {
	n, ok := r.uint16()
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	p, ok := r.take(uint64(n))
	if !ok {
		return nil, r.fail(ErrTruncated)
	}
	if len(p) > r.elements {
		return nil, r.fail(ErrTooLarge)
	}
	r.elements -= len(p)
	head = grow(head, len(p))
	for _, c := range p {
		head = append(head, int64(c))
	}
	return head, nil
}

// improper reads the tail that is no list. LIST_EXT of no elements is its tail.
func (r *reader) improper(head []Term) (Term, error) {
	tail, err := r.term()
	r.depth++
	if err != nil || len(head) == 0 {
		return tail, err
	}
	return ImproperList{Head: head, Tail: tail}, nil
}

// grow makes room for n more elements: exactly n the first time.
func grow(head []Term, n int) []Term {
	if head == nil && n > 0 {
		return make([]Term, 0, n)
	}
	return head
}
