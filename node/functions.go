package node

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// Caller says who calls.
type Caller struct {
	Node string
	Pid  etf.Pid
}

// Function is what Handle lists. args has exactly the listed arity. A returned
// *RemoteError (see Error, Exit, Throw) ends the call with its class and
// reason; another error e is error:{go_error, <<"text of e">>}, a panic
// error:{go_panic, <<"…">>}, runtime.Goexit error:go_exit.
type Function = func(ctx context.Context, c Caller, args []etf.Term) (etf.Term, error)

// mfa names a function.
type mfa struct {
	module, function etf.Atom
	arity            int
}

// listed is a function that may be called.
type listed struct {
	run   Function
	quick bool // it never blocks
	habit
}

// functions is the list of what may be called.
type functions struct {
	mu   sync.RWMutex
	list map[mfa]*listed
}

func newFunctions() *functions { return &functions{list: map[mfa]*listed{}} }

// find is nil for what is not listed.
func (f *functions) find(m mfa) *listed {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.list[m]
}

func (f *functions) set(m mfa, fn Function, quick bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fn == nil {
		delete(f.list, m)
		return
	}
	f.list[m] = &listed{run: fn, quick: quick}
}

// Handle lists module:function/arity as callable over rpc and erpc; a second
// call for the same function replaces the first, nil removes it. Anything not
// listed is undef at once. fn may block; ctx ends when the caller gives up, its
// link goes or the node stops. fn runs on a goroutine of its own, or, once it has
// answered promptly some times in a row, on that which reads the caller's link:
// another takes over the reading when fn does not return within some milliseconds.
// What fn returns must be a term, see etf.Term.
func (n *Node) Handle(module, function string, arity int, fn func(ctx context.Context, c Caller, args []etf.Term) (etf.Term, error)) {
	n.functions.set(mfa{etf.Atom(module), etf.Atom(function), arity}, fn, false)
}

// HandleQuick is Handle for a function that answers from memory within some
// microseconds and never blocks: no Send, Call or Connect, no I/O, no lock that
// somebody holds for long. The reader of the caller's link runs it, so that no
// goroutine has to wake up between request and answer; whatever else the
// caller's node sends waits meanwhile. Its ctx ends only with the node.
func (n *Node) HandleQuick(module, function string, arity int, fn func(ctx context.Context, c Caller, args []etf.Term) (etf.Term, error)) {
	n.functions.set(mfa{etf.Atom(module), etf.Atom(function), arity}, fn, true)
}

// invoke calls fn; a panic becomes its error.
func (n *Node) invoke(ctx context.Context, m mfa, fn Function, c Caller, args []etf.Term) (value etf.Term, err error) {
	defer func() {
		if v := recover(); v != nil {
			n.log.Error("called function panicked", "module", m.module, "function", m.function,
				"arity", m.arity, "caller", c.Node, "panic", v, "stack", string(debug.Stack()))
			value, err = nil, Error(panicReason(v))
		}
	}()
	return fn(ctx, c, args)
}

// remoteError is what a function's error is for the caller.
func remoteError(m mfa, err error) *RemoteError {
	var remote *RemoteError
	if !errors.As(err, &remote) {
		remote = &RemoteError{Class: ClassError, Reason: etf.Tuple{etf.Atom("go_error"), []byte(err.Error())}}
	}
	if remote.Class == ClassError && remote.Stack == nil {
		withStack := *remote
		withStack.Stack = etf.List{etf.Tuple{m.module, m.function, int64(m.arity), etf.List{}}}
		return &withStack
	}
	return remote
}

// undef is the error for a function that is not listed.
func undef(module, function etf.Atom, args etf.List) *RemoteError {
	return &RemoteError{Class: ClassError, Reason: atomUndef, Stack: undefStack(module, function, args)}
}

func undefStack(module, function etf.Atom, args etf.List) etf.List {
	return etf.List{etf.Tuple{module, function, args, etf.List{}}}
}

// callLimit bounds the calls that run at a time: limit in all, half of it for
// one peer.
type callLimit struct {
	limit int

	mu      sync.Mutex
	running int
}

func (c *callLimit) enter(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running >= c.limit || l.calls >= max(c.limit/2, 1) {
		return false
	}
	c.running++
	l.calls++
	return true
}

func (c *callLimit) leave(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	l.calls--
}
