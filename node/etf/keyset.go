package etf

import (
	"bytes"
	"hash/maphash"
)

// keySet finds equal keys of a map by their encodings. Encodings of equal
// terms are equal but for keys that themselves contain maps written in
// another order.
type keySet struct {
	few  [smallMap][2]int // start and end of the keys so far
	n    int
	many map[uint64]struct{}
	seed maphash.Seed
}

// smallMap is the size up to which comparing all pairs is cheapest; it is also
// where the BEAM changes its own representation.
const smallMap = 32

func (s *keySet) init(n int) {
	if n > smallMap {
		s.many = make(map[uint64]struct{}, n)
		s.seed = maphash.MakeSeed()
	}
}

// seen adds b[start:end] and tells whether it was there before. Of many keys
// 64-bit hashes with a secret seed are compared.
func (s *keySet) seen(b []byte, start, end int) bool {
	key := b[start:end]
	if s.many != nil {
		h := maphash.Bytes(s.seed, key)
		_, found := s.many[h]
		s.many[h] = struct{}{}
		return found
	}
	for _, k := range s.few[:s.n] {
		if k[1]-k[0] == len(key) && bytes.Equal(b[k[0]:k[1]], key) {
			return true
		}
	}
	s.few[s.n] = [2]int{start, end}
	s.n++
	return false
}

// hasDuplicate tells whether a key occurs twice in m.
func (m Map) hasDuplicate() bool {
	seen := make(map[string]struct{}, len(m))
	var b []byte
	for _, e := range m {
		var err error
		if b, err = AppendBody(b[:0], e.Key); err != nil {
			return true
		}
		if _, ok := seen[string(b)]; ok {
			return true
		}
		seen[string(b)] = struct{}{}
	}
	return false
}
