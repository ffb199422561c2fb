package global

import (
	"context"
	"strings"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Method settles a conflict: two processes that got one name in two partitions.
// It is "module:function" of a function with the arguments Name, Pid1 and Pid2,
// which is called on the node of one of them and returns the pid that keeps the
// name, or the atom none. On a node with this package it is one of the three here
// or one given to node.Handle.
type Method string

// The methods of OTP.
const (
	// RandomExit lets the process on the node with the smaller name keep the name
	// and kills the other. It is what "" means too.
	RandomExit Method = "global:random_exit_name"
	// RandomNotify is RandomExit without killing: the other process gets the message
	// {global_name_conflict, Name}.
	RandomNotify Method = "global:random_notify_name"
	// NotifyAll unregisters the name and sends {global_name_conflict, Name, OtherPid}
	// to both.
	NotifyAll Method = "global:notify_all_name"
)

// term is fun Module:Function/3.
func (m Method) term() (etf.Term, bool) {
	if m == "" {
		m = RandomExit
	}
	module, function, ok := strings.Cut(string(m), ":")
	return etf.Export{Module: etf.Atom(module), Function: etf.Atom(function), Arity: 3},
		ok && module != "" && function != ""
}

// handle lists what other nodes may call here: the methods for the conflicts of
// names that were registered here, and two functions that only read.
func (s *Server) handle() {
	s.node.Handle("global", "resolve_it", 4, s.resolveIt)
	s.node.Handle("global", "whereis_name", 1, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
		if pid, ok := s.Whereis(args[0]); ok {
			return pid, nil
		}
		return atomUndef, nil
	})
	s.node.Handle("global", "registered_names", 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
		return etf.List(s.Names()), nil
	})
}

func (s *Server) unhandle() {
	s.node.Handle("global", "resolve_it", 4, nil)
	s.node.Handle("global", "whereis_name", 1, nil)
	s.node.Handle("global", "registered_names", 0, nil)
}

// resolveIt is global:resolve_it(Method, Name, Pid1, Pid2).
func (s *Server) resolveIt(ctx context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) {
	module, function, ok := methodOf(args[0])
	name := args[1]
	one, okOne := args[2].(etf.Pid)
	two, okTwo := args[3].(etf.Pid)
	if !ok || !okOne || !okTwo {
		return nil, node.Error(etf.Atom("badarg"))
	}
	if module != atomGlobal {
		return s.node.Call(ctx, s.node.Name(), string(module), string(function), name, one, two)
	}
	least, greatest := two, one
	if one.Node < two.Node {
		least, greatest = one, two
	}
	switch Method("global:" + function) {
	case RandomExit:
		_ = s.server.ExitProcess(ctx, greatest, etf.Atom("kill")) // it may be gone already
		return least, nil
	case RandomNotify:
		s.notify(ctx, greatest, etf.Tuple{etf.Atom("global_name_conflict"), name})
		return least, nil
	case NotifyAll:
		s.notify(ctx, one, etf.Tuple{etf.Atom("global_name_conflict"), name, two})
		s.notify(ctx, two, etf.Tuple{etf.Atom("global_name_conflict"), name, one})
		return atomNone, nil
	}
	return nil, node.Error(etf.Atom("undef"))
}

func (s *Server) notify(ctx context.Context, pid etf.Pid, msg etf.Term) {
	if err := s.server.Send(ctx, pid, msg); err != nil {
		s.log.Debug("global: a conflict could not be told", "process", etf.String(pid), "error", err)
	}
}

// methodOf takes fun Module:Function/3 or {Module, Function} apart.
func methodOf(t etf.Term) (module, function etf.Atom, ok bool) {
	switch m := t.(type) {
	case etf.Export:
		return m.Module, m.Function, m.Arity == 3
	case etf.Tuple:
		if len(m) == 2 {
			module, okM := m[0].(etf.Atom)
			function, okF := m[1].(etf.Atom)
			return module, function, okM && okF
		}
	}
	return "", "", false
}
