//go:build interop

package interop

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"pgregory.net/rapid"
)

// generator is Erlang that makes random terms of every type: Gen(Depth), of a
// seeded generator. It uses W, a pid of a Fjord node.
const generator = `
Rand = fun(N) -> rand:uniform(N) - 1 end,
Bytes = fun(N) -> << <<(Rand(256))>> || _ <- lists:seq(1, N) >> end,
Alias = fun() -> case erlang:function_exported(erlang, alias, 0) of true -> apply(erlang, alias, []); false -> make_ref() end end,
Char = fun() -> case Rand(4) of 0 -> 16#400 + Rand(256); 1 -> 16#1F600 + Rand(50); _ -> 32 + Rand(95) end end,
Leaves = {
  fun() -> Rand(600) - 300 end,
  fun() -> Rand(1 bsl 64) - (1 bsl 63) end,
  fun() -> S = lists:nth(1 + Rand(2), [1, -1]), S * ((1 bsl Rand(2200)) + Rand(3) - 1) end,
  fun() -> lists:nth(1 + Rand(12), [0, -1, 255, 256, 1 bsl 31, -(1 bsl 31), (1 bsl 31) - 1, 1 bsl 63, -(1 bsl 63), (1 bsl 63) - 1, 1 bsl 64, (1 bsl 2040) - 1]) end,
  fun() -> (rand:uniform() - 0.5) * math:pow(10, Rand(600) - 300) end,
  fun() -> float(Rand(1 bsl 60)) end,
  fun() -> list_to_atom([Char() || _ <- lists:seq(1, lists:nth(1 + Rand(3), [Rand(4), Rand(60), 255]))]) end,
  fun() -> lists:nth(1 + Rand(6), [true, nil, undefined, '', 'Elixir.A', 'a b']) end,
  fun() -> Bytes(lists:nth(1 + Rand(3), [0, Rand(70), Rand(2000)])) end,
  fun() -> B = Bytes(Rand(80)), <<B/binary, (Rand(128)):(1 + Rand(7))>> end,
  fun() -> [Rand(256) || _ <- lists:seq(1, Rand(300))] end,
  fun() -> [Char() || _ <- lists:seq(1, Rand(50))] end,
  fun() -> lists:duplicate(65530 + Rand(20), Rand(256)) end,
  fun() -> L = processes(), lists:nth(1 + Rand(length(L)), L) end,
  fun() -> W end,
  fun() -> make_ref() end,
  Alias,
  fun() -> hd(erlang:ports()) end,
  fun() -> lists:nth(1 + Rand(3), [fun lists:map/2, fun erlang:'+'/2, fun 'A b':'c d'/200]) end,
  fun() -> X = Rand(100), fun(Y) -> X + Y end end,
  fun() -> [] end
},
Gen = fun G(0) -> (element(1 + Rand(tuple_size(Leaves)), Leaves))();
  G(D) -> Some = fun(N) -> [G(D - 1) || _ <- lists:seq(1, Rand(N))] end,
    case Rand(9) of
      0 -> list_to_tuple(Some(5)); 1 -> Some(5); 2 -> maps:from_list([{G(D - 1), G(D - 1)} || _ <- lists:seq(1, Rand(5))]);
      3 -> Some(3) ++ [G(0) | case G(0) of L when is_list(L) -> improper; X -> X end];
      4 when D =:= 1 -> lists:nth(1 + Rand(2), [list_to_tuple(lists:seq(1, 300)), maps:from_list([{N, N} || N <- lists:seq(1, 60)])]);
      _ -> G(0) end end,
`

// TestTerms: terms of every type come back from a Fjord node as they were. A BEAM
// node makes them with a seeded generator; they travel in calls of gen_server, of
// erpc, and as plain messages.
func TestTerms(t *testing.T) {
	count := 700
	if testkit.Soak() {
		count = 10000
	}
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		seed := time.Now().UnixNano() % 1e9
		for i, b := range w.beams {
			run := fmt.Sprintf(`rand:seed(exsss, {%d, %d, 3}), W = erpc:call($F, echo, spawn_worker, []),`+generator+`
				Echo = fun(0, T) -> gen_server:call({echo, $Z}, {echo, T}, 30000); (1, T) -> erpc:call($F, echo, echo, [T], 30000);
					(2, T) -> W ! {echo, self(), T}, receive {W, X} -> X after 30000 -> none end;
					(3, T) -> W ! {tell, self(), T}, receive X -> X after 30000 -> none end end,
				(fun L(0) -> ok; L(N) -> T = Gen(Rand(5)), case Echo(N rem 4, T) of T -> L(N - 1); X -> {N rem 4, sent, T, got, X} end end)(%d).`, seed, i, count)
			got, err := b.Try(4*time.Minute, w.fill(run))
			if err != nil || got != "ok" {
				t.Errorf("seed {%d, %d, 3}: %.3000s %v", seed, i, got, err)
			}
			w.script(t, b, [][2]string{
				{`<<Z/float>> = <<1:1, 0:63>>, X = gen_server:call({echo, $F}, {echo, Z}), <<Sign:1, _/bits>> = <<X/float>>, Sign.`, `1`},
				{`M = #{1 => a, 1.0 => b, <<"1">> => c, [1] => d, {} => e, #{} => f}, gen_server:call({echo, $F}, {echo, M}) =:= M.`, `true`},
				{`N = lists:foldl(fun(_, A) -> [A] end, [], lists:seq(1, 9000)), gen_server:call({echo, $F}, {echo, N}) =:= N.`, `true`},
				{`F = fun(X) -> X * 2 end, (gen_server:call({echo, $F}, {echo, F}))(21).`, `42`},
				{`R = make_ref(), gen_server:call({echo, $F}, {tell, self(), R}), receive R -> same after 3000 -> none end.`, `same`},
			}...)
		}
	})
}

// TestTermsFromGo: the other way round. Terms of a seeded generator in Go come
// back from a BEAM node, and, through a Fjord process, from there, as they were.
func TestTermsFromGo(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		n, err := node.Start(t.Context(), node.Options{Name: "rapid@localhost", Cookie: cookie, Hidden: true, EPMD: node.EPMDExternal, EPMDPort: w.epmd})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = n.Stop(context.Background()) }()
		pid := etf.Pid{Node: "b1@localhost", ID: 100, Serial: 7, Creation: 99}
		list := rapid.SliceOfN(randomTerm(4, pid), 0, 12)
		check := func(r *rapid.T) {
			sent := etf.List(list.Draw(r, "terms"))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for _, b := range w.beams {
				// The BEAM takes the list apart and makes another.
				got, err := n.Call(ctx, b.Node, "lists", "append", etf.List{sent, etf.List{etf.Atom("end")}})
				if want := append(append(etf.List{}, sent...), etf.Atom("end")); err != nil || !etf.Equal(got, want) {
					r.Fatalf("%s: %v\nsent %s\ngot  %s", b.Node, err, etf.String(want), etf.String(got))
				}
			}
			got, err := n.GenCall(ctx, w.fjords[0].Node, "echo", etf.Tuple{etf.Atom("echo"), sent})
			if err != nil || !etf.Equal(got, sent) {
				r.Fatalf("%s: %v\nsent %s\ngot  %s", w.fjords[0].Node, err, etf.String(sent), etf.String(got))
			}
		}
		for range 5 { // of 100
			rapid.Check(t, check)
		}
	})
}

// randomTerm makes terms of every type that a node may send; pid is one of a real
// node.
func randomTerm(depth int, pid etf.Pid) *rapid.Generator[etf.Term] {
	leaf := rapid.OneOf(
		as(rapid.Int64()), as(rapid.Int64Range(-300, 300)), as(rapid.Custom(randomBig)),
		as(rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) })),
		rapid.Map(rapid.StringN(0, 255, 1020), func(s string) etf.Term { return etf.Atom(s) }),
		as(rapid.SliceOfN(rapid.Byte(), 0, 300)),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) etf.Term {
			bits := uint8(b[0]%7 + 1)
			b[len(b)-1] &= 0xff << (8 - bits)
			return etf.BitString{Bytes: b, Bits: bits}
		}),
		rapid.Map(rapid.StringN(0, 20, -1), func(s string) etf.Term { return etf.Charlist(s) }),
		rapid.Custom(func(t *rapid.T) etf.Term {
			pid.ID = rapid.Uint32Range(0, 1<<15-1).Draw(t, "id") // what OTP 23 takes
			return pid
		}),
		rapid.Map(rapid.SliceOfN(rapid.Uint32(), 3, 3), func(words []uint32) etf.Term {
			words[0] &= 1<<18 - 1 // more is not a reference of the BEAM's own making
			return etf.MakeRef(pid.Node, pid.Creation, words...)
		}),
		rapid.Just[etf.Term](etf.Export{Module: "lists", Function: "map", Arity: 2}),
	)
	if depth == 0 {
		return leaf
	}
	sub := rapid.Deferred(func() *rapid.Generator[etf.Term] { return randomTerm(depth-1, pid) })
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(sub, 0, 5), func(s []etf.Term) etf.Term { return etf.Tuple(s) }),
		rapid.Map(rapid.SliceOfN(sub, 0, 5), func(s []etf.Term) etf.Term { return etf.List(s) }),
		rapid.Map(rapid.SliceOfN(sub, 1, 4), func(s []etf.Term) etf.Term {
			return etf.ImproperList{Head: s, Tail: etf.Atom("tail")}
		}),
		rapid.Map(rapid.SliceOfN(sub, 0, 8), func(s []etf.Term) etf.Term {
			m := etf.Map{}
			for i := 0; i+1 < len(s); i += 2 {
				m = m.Put(s[i], s[i+1])
			}
			return m
		}))
}

func as[T any](g *rapid.Generator[T]) *rapid.Generator[etf.Term] {
	return rapid.Map(g, func(v T) etf.Term { return v })
}

// randomBig is an integer that does not fit 64 bits.
func randomBig(t *rapid.T) *big.Int {
	n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 280).Draw(t, "bytes"))
	n.Add(n, new(big.Int).Lsh(big.NewInt(1), 64))
	if rapid.Bool().Draw(t, "negative") {
		n.Neg(n)
	}
	return n
}
