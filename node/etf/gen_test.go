package etf

import (
	"fmt"
	"math"
	"math/big"

	"pgregory.net/rapid"
)

// genTerm makes terms of every type as Decode makes them.
func genTerm() *rapid.Generator[Term] { return genTermOf(leaf(), 4) }

// genPrintable makes terms that Parse can read back.
func genPrintable() *rapid.Generator[Term] {
	return genTermOf(rapid.OneOf(genScalar(), asTerm(genExport())), 4)
}

func genTermOf(leaf *rapid.Generator[Term], depth int) *rapid.Generator[Term] {
	if depth == 0 {
		return leaf
	}
	sub := rapid.Deferred(func() *rapid.Generator[Term] { return genTermOf(leaf, depth-1) })
	return rapid.OneOf(leaf, leaf,
		rapid.Map(rapid.SliceOfN(sub, 0, 6), func(s []Term) Term { return Tuple(s) }),
		rapid.Map(rapid.SliceOfN(sub, 0, 6), func(s []Term) Term { return List(s) }),
		rapid.Custom(func(t *rapid.T) Term { return genMap(t, sub) }),
		rapid.Custom(func(t *rapid.T) Term { return genImproper(t, sub) }))
}

func leaf() *rapid.Generator[Term] {
	return rapid.OneOf(genScalar(), genScalar(), asTerm(genPid()), asTerm(genPort()), asTerm(genRef()),
		asTerm(genExport()), asTerm(genFun()))
}

func asTerm[T any](g *rapid.Generator[T]) *rapid.Generator[Term] {
	return rapid.Map(g, func(v T) Term { return v })
}

// genScalar makes numbers, atoms, binaries, bit strings and charlists.
func genScalar() *rapid.Generator[Term] {
	return rapid.OneOf(
		asTerm(rapid.Int64()),
		asTerm(rapid.Int64Range(-300, 300)),
		asTerm(genAtom()),
		asTerm(genFloat()),
		rapid.Custom(genBig),
		asTerm(rapid.SliceOfN(rapid.Byte(), 0, 20)),
		rapid.Map(rapid.StringN(0, 12, -1), func(s string) Term { return []byte(s) }),
		rapid.Map(rapid.StringN(0, 12, -1), func(s string) Term { return Charlist(s) }),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), charsOf),
		rapid.Custom(genBits))
}

func charsOf(b []byte) Term {
	l := make(List, len(b))
	for i, c := range b {
		l[i] = int64(c)
	}
	return l
}

func genFloat() *rapid.Generator[float64] {
	finite := func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
	return rapid.OneOf(rapid.Float64Range(-1000, 1000), rapid.Float64().Filter(finite),
		rapid.Map(rapid.Int64Range(-1e16, 1e16), func(n int64) float64 { return float64(n) }),
		rapid.Map(rapid.Uint64(), math.Float64frombits).Filter(finite))
}

func genAtom() *rapid.Generator[Atom] {
	return rapid.OneOf(
		rapid.Map(rapid.StringMatching(`[a-z][a-zA-Z0-9_@]{0,8}`), func(s string) Atom { return Atom(s) }),
		rapid.Map(rapid.StringN(0, 255, 1020), func(s string) Atom { return Atom(s) }),
		rapid.SampledFrom([]Atom{True, Nil, OK, "", "Elixir.Foo.Bar", "fun", "end", "f1@127.0.0.1"}))
}

func genBig(t *rapid.T) Term {
	b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "big")
	n := new(big.Int).SetBytes(b)
	if rapid.Bool().Draw(t, "negative") {
		n.Neg(n)
	}
	return plain(n)
}

func genBits(t *rapid.T) Term {
	bits := uint8(rapid.IntRange(1, 7).Draw(t, "bits"))
	b := rapid.SliceOfN(rapid.Byte(), 1, 10).Draw(t, "bytes")
	b[len(b)-1] &^= 0xff >> bits
	return BitString{Bytes: b, Bits: bits}
}

func genMap(t *rapid.T, sub *rapid.Generator[Term]) Term {
	n := rapid.IntRange(0, 5).Draw(t, "size")
	if rapid.IntRange(0, 30).Draw(t, "large") == 30 {
		n = smallMap + 5
	}
	m := Map{}
	for i := range n {
		key := sub.Draw(t, fmt.Sprint("key", i))
		// 0.0 and -0.0 are one key to OTP 25, two to OTP 27.
		if f, ok := key.(float64); ok && f == 0 {
			key = 0.0
		}
		m = m.Put(key, sub.Draw(t, fmt.Sprint("value", i)))
	}
	return m
}

func genImproper(t *rapid.T, sub *rapid.Generator[Term]) Term {
	head := rapid.SliceOfN(sub, 1, 5).Draw(t, "head")
	tail := sub.Draw(t, "tail")
	return flatten(ImproperList{Head: head, Tail: tail})
}

func genPid() *rapid.Generator[Pid] {
	return rapid.Custom(func(t *rapid.T) Pid {
		return Pid{Node: genNode(t), ID: word(t), Serial: word(t), Creation: word(t)}
	})
}

func genPort() *rapid.Generator[Port] {
	return rapid.Custom(func(t *rapid.T) Port {
		return Port{Node: genNode(t), ID: rapid.Uint64().Draw(t, "id"), Creation: word(t)}
	})
}

func genRef() *rapid.Generator[Ref] {
	return rapid.Custom(func(t *rapid.T) Ref {
		words := make([]uint32, rapid.IntRange(1, maxRefWords).Draw(t, "len"))
		for i := range words {
			words[i] = word(t)
		}
		words[0] &= 1<<18 - 1 // what older nodes let through
		return MakeRef(genNode(t), word(t), words...)
	})
}

func genExport() *rapid.Generator[Export] {
	return rapid.Custom(func(t *rapid.T) Export {
		return Export{Module: genName(t), Function: genName(t), Arity: rapid.Byte().Draw(t, "a")}
	})
}

func genFun() *rapid.Generator[Fun] {
	return rapid.Custom(func(t *rapid.T) Fun {
		f := Fun{Arity: rapid.Byte().Draw(t, "arity"), Index: uint32(rapid.IntRange(0, 1000).Draw(t, "index"))}
		f.Module, f.Pid = genName(t), genPid().Draw(t, "pid")
		copy(f.Uniq[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uniq"))
		f.OldIndex = int64(f.Index)
		f.OldUniq = int64(rapid.IntRange(0, 1<<27-1).Draw(t, "old uniq"))
		f.Free = rapid.SliceOfN(genScalar(), 0, 3).Draw(t, "free")
		return f
	})
}

func genNode(t *rapid.T) Atom {
	return Atom(rapid.StringMatching(`[a-z][a-z0-9_]{0,5}@[a-z][a-z0-9.]{0,8}`).Draw(t, "node"))
}

func word(t *rapid.T) uint32 { return rapid.Uint32().Draw(t, "word") }

// genName makes names as modules and functions have them. OTP 25 prints other
// names in funs in its own way: reserved words without quotes, @ with, UTF-8 as
// Latin-1.
func genName(t *rapid.T) Atom {
	return Atom(rapid.StringMatching(`[a-z]_[a-zA-Z0-9_]{0,8}`).Draw(t, "name"))
}
