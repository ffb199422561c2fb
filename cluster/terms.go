package cluster

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fjord-media/fjord/node/etf"
)

// atomNil is Elixir's nil.
const atomNil = etf.Atom("nil")

// field is a map's value under an atom key, or nil.
func field(m etf.Map, key etf.Atom) etf.Term {
	for _, e := range m {
		if isAtom(e.Key, key) {
			return e.Value
		}
	}
	return nil
}

// isAtom compares without comparing terms that cannot be compared.
func isAtom(t etf.Term, want etf.Atom) bool {
	a, ok := t.(etf.Atom)
	return ok && a == want
}

// count reads a number of things: an integer from 0 that fits an int32, so that
// sums never overflow. Larger ones (a member that wants no rooms) count as the
// largest.
func count(m etf.Map, key etf.Atom) (int, error) {
	n, ok := field(m, key).(int64)
	if !ok || n < 0 {
		return 0, fmt.Errorf("%w: %s is no count", errTerm, key)
	}
	return int(min(n, math.MaxInt32)), nil
}

// structOf reads a struct of either product and gives the name after it.
func structOf(t etf.Term, want string) (etf.Map, error) {
	m, ok := t.(etf.Map)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not a map", errTerm, want)
	}
	name, ok := field(m, "__struct__").(etf.Atom)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not a struct", errTerm, want)
	}
	if rest, ok := cutProduct(string(name)); !ok || rest != want {
		return nil, fmt.Errorf("%w: %s instead of %s", errTerm, name, want)
	}
	return m, nil
}

func cutProduct(name string) (string, bool) {
	if rest, ok := strings.CutPrefix(name, productFishjam); ok {
		return rest, true
	}
	return strings.CutPrefix(name, productJellyfish)
}

// optional values: nil means not set.

func optionalInt(p *int) etf.Term {
	if p == nil {
		return atomNil
	}
	return int64(*p)
}

func optionalString(p *string) etf.Term {
	if p == nil {
		return atomNil
	}
	return []byte(*p)
}

func optionalAtom(p *string) etf.Term {
	if p == nil {
		return atomNil
	}
	return etf.Atom(*p)
}

func isNil(t etf.Term) bool { return t == nil || isAtom(t, atomNil) }

func parseInt(m etf.Map, key etf.Atom) (*int, error) {
	t := field(m, key)
	if isNil(t) {
		return nil, nil
	}
	n, ok := t.(int64)
	if !ok || n < 0 || n > math.MaxInt32 {
		return nil, fmt.Errorf("%w: %s is no count", errTerm, key)
	}
	i := int(n)
	return &i, nil
}

func parseString(m etf.Map, key etf.Atom) (*string, error) {
	t := field(m, key)
	if isNil(t) {
		return nil, nil
	}
	b, ok := t.([]byte)
	if !ok {
		return nil, fmt.Errorf("%w: %s is no binary", errTerm, key)
	}
	s := string(b)
	return &s, nil
}

func parseAtom(m etf.Map, key etf.Atom, allowed ...string) (*string, error) {
	t := field(m, key)
	if isNil(t) {
		return nil, nil
	}
	a, ok := t.(etf.Atom)
	if s := string(a); ok && slices.Contains(allowed, s) {
		return &s, nil
	}
	return nil, fmt.Errorf("%w: %s is none of %v", errTerm, key, allowed)
}
