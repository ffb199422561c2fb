package node

import (
	"context"
	"testing"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// FuzzServices feeds arbitrary terms to everything that looks into terms of
// peers: net_kernel, rex, spawn requests, replies, exit reasons.
func FuzzServices(f *testing.F) {
	from := etf.Pid{Node: "peer@h", ID: 3, Creation: 4}
	ref := etf.Ref{Node: "peer@h", Creation: 4, Len: 3}
	alias := etf.ImproperList{Head: []etf.Term{atomAlias}, Tail: ref}
	for _, t := range []etf.Term{
		tuple(atomGenCall, tuple(from, alias), tuple(atomIsAuth, atom("peer@h"))),
		tuple(atomGenCall, tuple(from, ref), tuple(atomCall, atom("m"), atom("f"), etf.List{int64(1)}, from)),
		tuple(atomGenCast, tuple(atomCast, atom("m"), atom("f"), etf.List{}, from)),
		tuple(from, atom("features_request")),
		etf.List{ref, atom("m"), atom("f"), etf.List{}},
		etf.List{atom("erlang"), atom("apply"), etf.List{etf.Export{Module: "m", Function: "f", Arity: 0}, etf.List{}}},
		tuple(ref, atomReturn, int64(1)),
		tuple(atomErpc, atomSystemLimit),
	} {
		b, err := etf.Encode(t)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	n := newLab(f).start(f, "go@localhost")
	handleSamples(n)
	n.Handle("m", "f", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) { return nil, nil })
	f.Fuzz(func(t *testing.T, b []byte) {
		term, _, err := etf.Decode(b)
		if err != nil {
			return
		}
		for _, name := range []etf.Atom{atomNetKernel, atomRex} {
			n.dispatch(n.self, dist.SigRegSend{From: from, To: name, Message: term})
		}
		n.dispatch(n.self, dist.SigSend{From: from, To: n.client.pid, Message: term})
		n.dispatch(n.self, dist.SigAliasSend{From: from, To: n.MakeRef(), Message: term})
		args, _ := term.(etf.List)
		for _, f := range []etf.Atom{atomExecuteCall, atomExecuteCast} {
			n.dispatch(n.self, dist.SigSpawnRequest{
				ReqID: n.MakeRef(), From: n.client.pid, Module: atomErpc, Function: f, Arity: len(args), Args: args, Opts: args,
			})
		}
		_, _ = outcome(ref, term)
		_, _ = ParseGen(term)
		_, _, _ = monitorTarget(term)
		_ = plainReason(term)
		for _, p := range []*Process{n.client, n.Whereis("net_kernel"), n.Whereis("rex")} {
			if p == nil || !p.Alive() {
				t.Fatalf("a service is gone after %s", etf.String(term))
			}
		}
	})
}
