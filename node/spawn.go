package node

import (
	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// onSpawnRequest serves SPAWN_REQUEST. It is always answered: SPAWN_REPLY with
// a new pid first, then, if asked for, the end of that process, whose reason
// carries the result of an erpc call. (SPAWN_REPLY also goes out when the
// request wants it for errors only: OTP 25 logs an error otherwise.)
func (n *Node) onSpawnRequest(l *link, s dist.SigSpawnRequest) {
	j := &job{link: l, process: &Process{request: s.ReqID}, request: s.ReqID, caller: s.From}
	ctx := n.prepare(j, s)
	p, err := n.spawn(j.process)
	if err != nil {
		j.process.onEnd()
		l.post(dist.SigSpawnReply{ReqID: s.ReqID, To: s.From, Result: atomSystemLimit})
		return
	}
	flags := 0
	if option(s.Opts, atomMonitor) && n.addWatcher(p, s.ReqID, watcher{link: l, by: s.From, named: p.pid}) {
		flags |= dist.SpawnMonitored
	}
	if option(s.Opts, atomLink) && n.linkedBy(p, l, s.From) {
		flags |= dist.SpawnLinked
	}
	l.postLater(dist.SigSpawnReply{ReqID: s.ReqID, To: s.From, Flags: flags, Result: p.pid})
	n.begin(ctx, j)
}

// option says whether a spawn option is set, as the atom or as {Atom, …}.
func option(opts etf.List, name etf.Atom) bool {
	for _, o := range opts {
		if o == etf.Term(name) {
			return true
		}
		if t, ok := o.(etf.Tuple); ok && len(t) > 0 && t[0] == etf.Term(name) {
			return true
		}
	}
	return false
}

// erpcTarget takes [M, F, A] apart; module is "" when it is something else.
func erpcTarget(args etf.List) (module, function etf.Atom, _ etf.List) {
	module, okM := args[0].(etf.Atom)
	function, okF := args[1].(etf.Atom)
	list, okA := args[2].(etf.List)
	if !okM || !okF || !okA {
		return "", "", nil
	}
	return module, function, list
}

// throughApply looks through erlang:apply(M, F, A) and erlang:apply(fun M:F/N, A).
func throughApply(module, function etf.Atom, args etf.List) (etf.Atom, etf.Atom, etf.List) {
	if module != "erlang" || function != "apply" {
		return module, function, args
	}
	switch len(args) {
	case 2:
		fun, okF := args[0].(etf.Export)
		list, okA := args[1].(etf.List)
		if okF && okA && len(list) == int(fun.Arity) {
			return fun.Module, fun.Function, list
		}
	case 3:
		if m, f, a := erpcTarget(args); m != "" {
			return m, f, a
		}
	}
	return module, function, args
}

// erpcResult is the exit reason that carries the outcome of erpc:execute_call.
func erpcResult(ref, value etf.Term, err *RemoteError) etf.Term {
	switch {
	case err == nil:
		return etf.Tuple{ref, atomReturn, value}
	case err.Class == ClassThrow:
		return etf.Tuple{ref, atomThrow, err.Reason}
	case err.Class == ClassExit:
		return etf.Tuple{ref, atomExit, err.Reason}
	case isErpcError(err.Reason):
		return etf.Tuple{ref, atomError, err.Reason}
	}
	return etf.Tuple{ref, atomError, err.Reason, stackOf(err)}
}

// isErpcError recognises {erpc, Reason}, errors of erpc itself.
func isErpcError(reason etf.Term) bool {
	t, ok := reason.(etf.Tuple)
	return ok && len(t) == 2 && t[0] == etf.Term(atomErpc)
}

func stackOf(err *RemoteError) etf.Term {
	if err.Stack == nil {
		return etf.List{}
	}
	return err.Stack
}

// plainResult is the exit reason of a process that was spawned to run a
// function.
func plainResult(_ etf.Term, err *RemoteError) etf.Term {
	switch {
	case err == nil:
		return atomNormal
	case err.Class == ClassExit:
		return err.Reason
	case err.Class == ClassThrow:
		return etf.Tuple{etf.Tuple{etf.Atom("nocatch"), err.Reason}, etf.List{}}
	}
	return etf.Tuple{err.Reason, stackOf(err)}
}
