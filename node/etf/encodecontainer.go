package etf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// enter goes one level down.
func (w *writer) enter(n int) error {
	if w.depth == 0 {
		return ErrTooDeep
	}
	if uint64(n) > math.MaxUint32 {
		return fmt.Errorf("%w: %d elements", ErrTooLarge, n)
	}
	w.depth--
	return nil
}

// all appends terms one after the other.
func (w *writer) all(b []byte, terms []Term) ([]byte, error) {
	var err error
	for _, t := range terms {
		if b, err = w.term(b, t); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// tuple appends SMALL_TUPLE_EXT or LARGE_TUPLE_EXT.
func (w *writer) tuple(b []byte, v Tuple) ([]byte, error) {
	if err := w.enter(len(v)); err != nil {
		return nil, err
	}
	if len(v) <= math.MaxUint8 {
		b = append(b, tagSmallTuple, byte(len(v)))
	} else {
		b = binary.BigEndian.AppendUint32(append(b, tagLargeTuple), uint32(len(v)))
	}
	b, err := w.all(b, v)
	w.depth++
	return b, err
}

// list appends NIL_EXT, STRING_EXT where Erlang does, or LIST_EXT.
func (w *writer) list(b []byte, v List) ([]byte, error) {
	if len(v) == 0 {
		return append(b, tagNil), nil
	}
	if isCharlist(v) {
		b = append(b, tagString, byte(len(v)>>8), byte(len(v)))
		for _, c := range v {
			n, _ := smallInt(c)
			b = append(b, byte(n))
		}
		return b, nil
	}
	b, err := w.heads(b, v)
	if err != nil {
		return nil, err
	}
	w.depth++
	return append(b, tagNil), nil
}

// isCharlist tells whether v can be written as STRING_EXT.
func isCharlist(v List) bool {
	if len(v) > maxStringLen {
		return false
	}
	for _, c := range v {
		if n, ok := smallInt(c); !ok || n < 0 || n > math.MaxUint8 {
			return false
		}
	}
	return true
}

// heads appends LIST_EXT without its tail and stays one level down.
func (w *writer) heads(b []byte, v []Term) ([]byte, error) {
	if err := w.enter(len(v)); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(append(b, tagList), uint32(len(v)))
	return w.all(b, v)
}

// improper appends LIST_EXT with a tail.
func (w *writer) improper(b []byte, v ImproperList) ([]byte, error) {
	if len(v.Head) == 0 {
		return nil, fmt.Errorf("%w: ImproperList without head", ErrType)
	}
	b, err := w.heads(b, v.Head)
	if err != nil {
		return nil, err
	}
	b, err = w.term(b, v.Tail)
	w.depth++
	return b, err
}

// strings appends a list of binaries.
func (w *writer) strings(b []byte, v []string) ([]byte, error) {
	if len(v) == 0 {
		return append(b, tagNil), nil
	}
	if err := w.enter(len(v)); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(append(b, tagList), uint32(len(v)))
	var err error
	for _, s := range v {
		if b, err = w.text(b, s); err != nil {
			return nil, err
		}
	}
	w.depth++
	return append(b, tagNil), nil
}

// mapping appends MAP_EXT.
func (w *writer) mapping(b []byte, v Map) ([]byte, error) {
	if err := w.enter(len(v)); err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint32(append(b, tagMap), uint32(len(v)))
	var keys keySet
	keys.init(len(v))
	apart := w.apart
	for _, e := range v {
		start := len(b)
		var err error
		w.apart = nil // keys are compared in b
		b, err = w.term(b, e.Key)
		if w.apart = apart; err != nil {
			return nil, err
		}
		if keys.seen(b, start, len(b)) {
			return nil, fmt.Errorf("%w: %.200s", ErrDuplicateKey, String(e.Key))
		}
		if b, err = w.term(b, e.Value); err != nil {
			return nil, err
		}
	}
	w.depth++
	return b, nil
}
