package etf

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// EncodedSize is the length of what AppendBody appends for t when no hook
// changes atoms; Append makes one byte more. Whatever has a size here may
// still fail to encode (an invalid atom, a NaN, a duplicate key).
func EncodedSize(t Term) (int, error) {
	n, err := sizeOf(t, encodeDepth)
	if err != nil {
		return 0, fmt.Errorf("size term: %w", err)
	}
	return n, nil
}

func sizeOf(t Term, depth int) (int, error) {
	switch v := t.(type) {
	case Atom:
		return atomSize(v), nil
	case bool:
		return atomSize(Bool(v)), nil
	case int64:
		return intSize(v), nil
	case []byte:
		return 5 + len(v), nil
	case string:
		return 5 + len(v), nil
	case Shared:
		return 5 + len(v), nil
	case float64:
		return 9, nil
	case *big.Int:
		return bigSize(v)
	case BitString:
		return 6 + len(v.Bytes), nil
	case Pid:
		return 1 + atomSize(v.Node) + 12, nil
	case Port:
		if v.ID > maxPortNumber {
			return 1 + atomSize(v.Node) + 12, nil
		}
		return 1 + atomSize(v.Node) + 8, nil
	case Ref:
		return 3 + atomSize(v.Node) + 4 + 4*int(v.Len), nil
	case Export:
		return 1 + atomSize(v.Module) + atomSize(v.Function) + 2, nil
	case Opaque:
		return 1 + len(v), nil
	}
	if n, ok := smallInt(t); ok {
		return intSize(n), nil
	}
	switch t.(type) {
	case uint, uint64:
		return 3 + 8, nil
	}
	if depth == 0 {
		return 0, ErrTooDeep
	}
	return containerSize(t, depth-1)
}

func containerSize(t Term, depth int) (int, error) {
	switch v := t.(type) {
	case Tuple:
		if len(v) > math.MaxUint8 {
			return sumSizes(5, v, depth)
		}
		return sumSizes(2, v, depth)
	case List:
		switch {
		case len(v) == 0:
			return 1, nil
		case isCharlist(v):
			return 3 + len(v), nil
		}
		return sumSizes(6, v, depth)
	case ImproperList:
		n, err := sumSizes(5, v.Head, depth)
		if err != nil {
			return 0, err
		}
		tail, err := sizeOf(v.Tail, depth)
		return n + tail, err
	case Map:
		return mapSize(v, depth)
	case []string:
		if len(v) == 0 {
			return 1, nil
		}
		n := 6 + 5*len(v)
		for _, s := range v {
			n += len(s)
		}
		return n, nil
	case Fun:
		n := 1 + 4 + 1 + 16 + 4 + 4 + atomSize(v.Module) + intSize(v.OldIndex) + intSize(v.OldUniq)
		return sumSizes(n+1+atomSize(v.Pid.Node)+12, v.Free, depth)
	case Record:
		n := 6 + atomSize(v.Module) + atomSize(v.Name)
		for _, f := range v.Fields {
			n += atomSize(f)
		}
		return sumSizes(n, v.Values, depth)
	}
	return 0, fmt.Errorf("%w: %T", ErrType, t)
}

// sumSizes adds the sizes of terms to n.
func sumSizes(n int, terms []Term, depth int) (int, error) {
	for _, t := range terms {
		m, err := sizeOf(t, depth)
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

func mapSize(m Map, depth int) (int, error) {
	n := 5
	for _, e := range m {
		key, err := sizeOf(e.Key, depth)
		if err != nil {
			return 0, err
		}
		value, err := sizeOf(e.Value, depth)
		if err != nil {
			return 0, err
		}
		n += key + value
	}
	return n, nil
}

func atomSize(a Atom) int {
	if len(a) > math.MaxUint8 {
		return 3 + len(a)
	}
	return 2 + len(a)
}

func intSize(n int64) int {
	switch {
	case 0 <= n && n <= math.MaxUint8:
		return 2
	case math.MinInt32 <= n && n <= math.MaxInt32:
		return 5
	case n < 0:
		return 3 + (bits.Len64(-uint64(n))+7)/8
	}
	return 3 + (bits.Len64(uint64(n))+7)/8
}

func bigSize(v *big.Int) (int, error) {
	if v == nil {
		return 0, fmt.Errorf("%w: nil *big.Int", ErrType)
	}
	if v.IsInt64() {
		return intSize(v.Int64()), nil
	}
	n := (v.BitLen() + 7) / 8
	if n > math.MaxUint8 {
		return 6 + n, nil
	}
	return 3 + n, nil
}
