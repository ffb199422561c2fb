package node

import (
	"context"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// job is a spawned process that runs a listed function.
type job struct {
	link    *link
	process *Process
	request etf.Ref // of the SPAWN_REQUEST and of its monitor
	caller  etf.Pid
	result  func(value etf.Term, err *RemoteError) etf.Term // what the process ends with

	mfa  mfa // module is "" when the request names no function
	args etf.List
	fn   *listed // nil: not listed
}

// prepare finds out what j is to run, and gives the context to run it in. That
// ends with the process, but for quick functions, which have ended before.
func (n *Node) prepare(j *job, s dist.SigSpawnRequest) context.Context {
	module, function, args := s.Module, s.Function, s.Args
	switch (mfa{s.Module, s.Function, len(s.Args)}) {
	case mfa{atomErpc, atomExecuteCall, 4}:
		ref := s.Args[0]
		j.result = func(v etf.Term, err *RemoteError) etf.Term { return erpcResult(ref, v, err) }
		module, function, args = erpcTarget(s.Args[1:])
	case mfa{atomErpc, atomExecuteCast, 3}:
		j.result = plainResult
		module, function, args = erpcTarget(s.Args)
	default:
		j.result = plainResult
	}
	module, function, args = throughApply(module, function, args)
	if s.BadPayload {
		module = ""
	}
	j.mfa, j.args = mfa{module, function, len(args)}, args
	j.fn = n.functions.find(j.mfa)
	if j.fn != nil && j.fn.quick {
		j.process.onEnd = func() {}
		return n.group.Context()
	}
	ctx, cancel := context.WithCancel(n.group.Context())
	j.process.onEnd = cancel
	return ctx
}

// begin runs the function of j or ends the process.
func (n *Node) begin(ctx context.Context, j *job) {
	switch {
	case j.mfa.module == "":
		j.process.Terminate(j.result(nil, &RemoteError{Class: ClassError, Reason: etf.Tuple{atomErpc, atomBadarg}}))
	case j.fn == nil:
		j.process.Terminate(j.result(nil, undef(j.mfa.module, j.mfa.function, j.args)))
	case j.fn.quick:
		j.process.Terminate(n.outcome(ctx, j)) // posts the result, too
	case !n.calls.enter(j.link):
		j.process.Terminate(j.result(nil, &RemoteError{Class: ClassError, Reason: etf.Tuple{atomErpc, atomSystemLimit}}))
	case j.link.dist != nil && j.fn.claim():
		j.link.dist.Aside(func() { n.run(ctx, j, true) })
	default:
		n.start(ctx, j)
	}
}

// start runs the function on a goroutine of its own.
func (n *Node) start(ctx context.Context, j *job) {
	ok := n.group.Go("call", func(context.Context) error {
		n.run(ctx, j, false)
		return nil
	})
	if !ok {
		n.calls.leave(j.link)
		j.process.Terminate(atomNoconnection)
	}
}

// run runs the function and ends the process.
func (n *Node) run(ctx context.Context, j *job, claimed bool) {
	defer n.calls.leave(j.link)
	var reason etf.Term
	returned := false
	start := time.Now()
	defer func() {
		j.fn.took(time.Since(start), claimed)
		if !returned { // runtime.Goexit
			reason = j.result(nil, &RemoteError{Class: ClassError, Reason: atomGoExit})
		}
		n.endJob(j, reason)
	}()
	reason, returned = n.outcome(ctx, j), true
}

// outcome calls the function and makes the exit reason.
func (n *Node) outcome(ctx context.Context, j *job) etf.Term {
	value, err := n.invoke(ctx, j.mfa, j.fn.run, Caller{Node: string(j.caller.Node), Pid: j.caller}, j.args)
	if err != nil {
		return j.result(nil, remoteError(j.mfa, err))
	}
	return j.result(value, nil)
}

// endJob ends the process. The caller's DOWN goes by the way that blocks while
// its link is busy, since results may be large.
func (n *Node) endJob(j *job, reason etf.Term) {
	if _, w, ok := n.takeWatcher(j.link, j.request); ok {
		sig := dist.SigMonitorExit{From: w.named, To: w.by, Ref: j.request, Reason: reason}
		ctx := n.group.Context()
		if err := j.link.send(ctx, sig); err != nil {
			j.link.post(sig) // which substitutes what cannot be encoded
		}
	}
	j.process.Terminate(reason)
}
