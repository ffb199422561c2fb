package global

import (
	"context"
	"errors"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

const (
	// backlogPause is how often a busy link is tried again.
	backlogPause = 50 * time.Millisecond
	// dialWait bounds a dial; node.Options.SetupTime usually ends it before.
	dialWait = 15 * time.Second
	// resolveWait bounds the call of a method for a conflict.
	resolveWait = 10 * time.Second
	// tableWait bounds the question for a table of names.
	tableWait = 30 * time.Second
)

// send implements outside. The link is the one that the core knows.
func (s *Server) send(from etf.Pid, on etf.Atom, to, msg etf.Term) {
	p := s.processes[from]
	if p == nil {
		return // a lock that was given up
	}
	link := s.links[on]
	s.onLink(on, func() error { return p.PostOver(link, to, msg) })
}

// reply implements outside.
func (s *Server) reply(to node.GenRequest, answer etf.Term) {
	s.onLink(to.From.Node, func() error { return s.server.PostReply(to, answer) })
}

// onLink posts something; what a busy link does not take is tried again later,
// in order.
func (s *Server) onLink(on etf.Atom, post func() error) {
	if len(s.backlog[on]) > 0 {
		s.backlog[on] = append(s.backlog[on], post)
		return
	}
	if err := post(); errors.Is(err, node.ErrBusy) {
		s.backlog[on] = append(s.backlog[on], post)
	} else if err != nil {
		s.log.Debug("global: not sent", "node", on, "error", err)
	}
}

// retry posts what busy links did not take before.
func (s *Server) retry() {
	for on, waiting := range s.backlog {
		for len(waiting) > 0 && !errors.Is(waiting[0](), node.ErrBusy) {
			waiting = waiting[1:]
		}
		s.backlog[on] = waiting
		if len(waiting) == 0 {
			delete(s.backlog, on)
		}
	}
}

// monitor implements outside.
func (s *Server) monitor(id uint64, on etf.Atom, what etf.Term) {
	link := s.links[on]
	s.onLink(on, func() error {
		if s.core.monitors[id] == nil {
			return nil // given up while the link was busy
		}
		ref, err := s.server.MonitorOver(link, what)
		switch {
		case err == nil:
			s.refs[ref], s.watches[id] = id, ref
		case !errors.Is(err, node.ErrBusy):
			s.inbox.push(func() { s.core.ended(id, etf.Atom("noconnection")) })
		}
		return err
	})
}

// demonitor implements outside.
func (s *Server) demonitor(id uint64) {
	if ref, ok := s.watches[id]; ok {
		delete(s.watches, id)
		delete(s.refs, ref)
		s.server.Demonitor(ref)
	}
}

// connect implements outside. The link's Up comes before the dial returns.
func (s *Server) connect(to etf.Atom) {
	if s.dialling[to] {
		return
	}
	s.dialling[to] = s.group.Go("dial "+string(to), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, dialWait)
		defer cancel()
		_, err := s.node.Connect(ctx, string(to))
		if err != nil {
			s.log.Debug("global: dial failed", "node", to, "error", err)
		}
		s.inbox.push(func() {
			delete(s.dialling, to)
			s.core.connectFailed(to) // which looks whether there is a link
		})
		return nil
	})
}

// disconnect implements outside.
func (s *Server) disconnect(from etf.Atom) { s.node.Disconnect(string(from), node.ErrRemoved) }

// ref implements outside.
func (s *Server) ref() etf.Ref { return s.node.MakeRef() }

// resolve implements outside.
func (s *Server) resolve(id uint64, on etf.Atom, c conflict) {
	s.group.Go("resolve", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, resolveWait)
		defer cancel()
		result := s.callMethod(ctx, on, c)
		s.log.Info("global: settled a name conflict", "name", etf.String(c.name), "his", etf.String(c.his),
			"ours", etf.String(c.ours), "result", etf.String(result))
		s.inbox.push(func() { s.core.resolution(id, result) })
		return nil
	})
}

// callMethod is rpc:call(Node, global, resolve_it, [Method, Name, Pid1, Pid2]).
func (s *Server) callMethod(ctx context.Context, on etf.Atom, c conflict) etf.Term {
	value, err := s.node.Call(ctx, string(on), "global", "resolve_it", c.method, c.name, c.his, c.ours)
	if err == nil {
		return value
	}
	var remote *node.RemoteError
	if errors.As(err, &remote) && remote.Class == node.ClassThrow {
		return remote.Reason
	}
	return etf.Tuple{etf.Atom("badrpc"), []byte(err.Error())}
}

// table implements outside. The table is the one of OTP's global_name_server, {Name,
// Pid, Method, Monitor}, the same in OTP 23 to 29.
func (s *Server) table(on etf.Atom, asked moment, tries int) {
	s.group.Go("names of "+string(on), func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, tableWait)
		defer cancel()
		value, err := s.node.Call(ctx, string(on), "ets", "tab2list", etf.Atom("global_names"))
		table, ok := parseTable(value)
		if err != nil || !ok {
			s.log.Warn("global: the names of a node cannot be compared", "node", on, "error", err)
			return nil
		}
		s.inbox.push(func() { s.core.tableTold(on, asked, tries, table) })
		return nil
	})
}

// parseTable reads [{Name, Pid, Method, Monitor}]; anything else is not the table.
func parseTable(t etf.Term) ([]op, bool) {
	rows, ok := t.(etf.List)
	if !ok {
		return nil, false
	}
	out := make([]op, 0, len(rows))
	for _, row := range rows {
		v, ok := etf.AsTuple(row, 4)
		if !ok {
			return nil, false
		}
		o, ok := parseName(v[:3])
		if !ok {
			return nil, false
		}
		out = append(out, o)
	}
	return out, true
}
