package pg

import (
	"errors"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// observer is a process that watches groups by a call to our scope, as
// {Scope, Node} can be called from anywhere. Guarded by Scope.mu.
type observer struct {
	pid etf.Pid
	ref etf.Ref // our monitor of it, which is also its name for the watching
	key string  // of the group
	all bool    // all groups
}

// callKind is the tag and the size of a call.
type callKind struct {
	tag  etf.Atom
	size int
}

// callHandler serves one kind of gen_server call; it runs with Scope.mu held.
type callHandler func(s *Scope, r node.GenRequest, args etf.Tuple) etf.Term

// callHandlers are the calls that OTP's scope serves.
func callHandlers() map[callKind]callHandler {
	return map[callKind]callHandler{
		{atomJoinLocal, 3}:  (*Scope).callJoin,
		{atomLeaveLocal, 3}: (*Scope).callLeave,
		{atomMonitor, 1}:    (*Scope).callMonitorAll,
		{atomMonitor, 2}:    (*Scope).callMonitor,
		{atomDemonitor, 2}:  (*Scope).callDemonitor,
	}
}

// call answers a gen_server call, whatever it is. The answer is posted before
// mu is free, so that it comes before the events that follow.
func (s *Scope) call(r node.GenRequest) {
	t, ok := r.Request.(etf.Tuple)
	if !ok {
		t = etf.Tuple{r.Request}
	}
	var tag etf.Atom
	if len(t) > 0 {
		tag, _ = t[0].(etf.Atom)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var answer etf.Term = etf.Tuple{atomError, atomNotsup}
	if serve := callHandlers()[callKind{tag, len(t)}]; serve != nil && !s.stopped {
		answer = serve(s, r, t[1:])
	}
	_ = s.proc.PostReply(r, answer) // fails only when the caller's link is gone or flooded
}

// callJoin serves {join_local, Group, PidOrPids}.
func (s *Scope) callJoin(_ node.GenRequest, args etf.Tuple) etf.Term {
	term, key, err := frozen(args[0])
	pids, bad := s.localPids(args[1])
	switch {
	case err != nil:
		return etf.Tuple{atomError, atomNotsup}
	case bad != nil:
		return bad
	}
	if err := s.join(key, term, pids); err != nil {
		return etf.Tuple{atomError, atomSystem}
	}
	return atomOK
}

// callLeave serves {leave_local, Group, PidOrPids}.
func (s *Scope) callLeave(_ node.GenRequest, args etf.Tuple) etf.Term {
	key, err := keyOf(args[0])
	pids, bad := s.localPids(args[1])
	switch {
	case err != nil:
		return etf.Tuple{atomError, atomNotsup}
	case bad != nil:
		return bad
	case errors.Is(s.leave(key, pids), ErrNotJoined):
		return atomNotJoined
	}
	return atomOK
}

// localPids reads pids that must all be of this node; otherwise bad is the
// answer.
func (s *Scope) localPids(t etf.Term) (pids []etf.Pid, bad etf.Term) {
	pids = pidsOf(t, s.self)
	list, isList := t.(etf.List)
	if isList && len(list) == len(pids) || !isList && len(pids) == 1 {
		return pids, nil
	}
	return nil, etf.Tuple{atomError, etf.Tuple{atomNoLocal, t}}
}

// callMonitorAll serves monitor: the answer is {Ref, #{Group => Pids}}, and
// {Ref, join | leave, Group, Pids} follow.
func (s *Scope) callMonitorAll(r node.GenRequest, _ etf.Tuple) etf.Term {
	groups := etf.Map{}
	for _, g := range s.snapshot() {
		groups = append(groups, etf.MapEntry{Key: g.Name, Value: pidList(g.Members)})
	}
	return s.observe(&observer{pid: r.From, all: true}, groups)
}

// callMonitor serves {monitor, Group}: the answer is {Ref, Pids}.
func (s *Scope) callMonitor(r node.GenRequest, args etf.Tuple) etf.Term {
	key, err := keyOf(args[0])
	if err != nil {
		return etf.Tuple{atomError, atomNotsup}
	}
	pids := etf.List{}
	if g := s.groups[key]; g != nil {
		pids = pidList(g.all())
	}
	return s.observe(&observer{pid: r.From, key: key}, pids)
}

func (s *Scope) observe(o *observer, now etf.Term) etf.Term {
	ref, err := s.proc.PostMonitor(o.pid)
	if err != nil {
		return etf.Tuple{atomError, atomSystem}
	}
	o.ref = ref
	s.observers[ref], s.refs[ref] = o, o
	return etf.Tuple{ref, now}
}

// callDemonitor serves {demonitor, Ref}: ok, or false when there is none.
func (s *Scope) callDemonitor(_ node.GenRequest, args etf.Tuple) etf.Term {
	ref, _ := args[0].(etf.Ref)
	o := s.observers[ref]
	if o == nil {
		return atomFalse
	}
	s.dropObserver(o)
	return atomOK
}

// dropObserver ends an observer. Call with mu held.
func (s *Scope) dropObserver(o *observer) {
	s.proc.Demonitor(o.ref)
	delete(s.refs, o.ref)
	delete(s.observers, o.ref)
}

// tellObservers posts an event. Call with mu held.
func (s *Scope) tellObservers(g *group, what etf.Atom, pids []etf.Pid) {
	for _, o := range s.observers {
		if !o.all && o.key != g.key {
			continue
		}
		if err := s.proc.Post(o.pid, etf.Tuple{o.ref, what, g.term, pidList(pids)}); errors.Is(err, node.ErrBusy) {
			s.log.Warn("a process that monitors a pg group does not read; it is told no more",
				"scope", s.name, "process", etf.String(o.pid))
			s.dropObserver(o)
		}
	}
}
