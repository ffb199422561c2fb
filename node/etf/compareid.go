package etf

import (
	"cmp"
	"slices"
)

func comparePids(a, b Pid) int {
	return cmp.Or(cmp.Compare(a.Serial, b.Serial), cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Node, b.Node), cmp.Compare(a.Creation, b.Creation))
}

// compareRefs compares the words as one number, the last word the highest.
func compareRefs(a, b Ref) int {
	c := cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Creation, b.Creation))
	for i := len(a.Words) - 1; i >= 0 && c == 0; i-- {
		c = cmp.Compare(a.word(i), b.word(i))
	}
	return cmp.Or(c, cmp.Compare(a.Len, b.Len))
}

// word gives word i, zero beyond the length.
func (r Ref) word(i int) uint32 {
	if i < int(r.Len) {
		return r.Words[i]
	}
	return 0
}

// compareFuns puts local funs before exported ones.
func compareFuns(a, b Term, exact bool) int {
	x, xLocal := a.(Fun)
	y, yLocal := b.(Fun)
	switch {
	case xLocal && yLocal:
		return cmp.Or(cmp.Compare(x.Module, y.Module), cmp.Compare(x.OldIndex, y.OldIndex),
			cmp.Compare(x.OldUniq, y.OldUniq), cmp.Compare(x.Index, y.Index), slices.Compare(x.Uniq[:], y.Uniq[:]),
			cmp.Compare(x.Arity, y.Arity), cmp.Compare(len(x.Free), len(y.Free)), compareAll(x.Free, y.Free, exact))
	case xLocal:
		return -1
	case yLocal:
		return 1
	}
	e, f := a.(Export), b.(Export)
	return cmp.Or(cmp.Compare(e.Module, f.Module), cmp.Compare(e.Function, f.Function), cmp.Compare(e.Arity, f.Arity))
}

func compareRecords(a, b Record, exact bool) int {
	return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Flags, b.Flags),
		slices.Compare(a.Fields, b.Fields), compareAll(a.Values, b.Values, exact))
}
