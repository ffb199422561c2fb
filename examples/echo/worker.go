package main

import (
	"context"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// worker is a process that others may link and monitor. Exit signals end it as
// they end a plain BEAM process; these messages it understands:
//
//	{exit, Reason}         it ends with that reason
//	{tell, To, Message}    it sends Message to To
//	{echo, From, Message}  it sends {self(), Message} to From
//	{link, Pid}            it links itself
//	{unlink, Pid}          it unlinks itself
//	{trap, To}             from now on it sends {trapped, self(), From, Reason} to To for each exit signal
//	{monitor, What, To}    when What ends it sends {down, self(), What, Reason} to To
type worker struct {
	*node.Mailbox
	trap etf.Term             // who gets exit signals; nil: they end the process
	tell map[etf.Ref]etf.Term // who is told of the end of what is monitored
}

// startWorker starts a worker that runs until it is ended or the app stops.
func (a *app) startWorker() (*worker, error) {
	box, err := a.node.Mailbox("", 0)
	if err != nil {
		return nil, err
	}
	w := &worker{Mailbox: box, tell: map[etf.Ref]etf.Term{}}
	a.tasks.Go(func() { w.serve(a.ctx) })
	return w, nil
}

// serve handles one signal after the other. What cannot be sent is lost, as it
// is on the BEAM.
func (w *worker) serve(ctx context.Context) {
	for w.Alive() {
		signal, err := w.Receive(ctx)
		if err != nil {
			w.Terminate(etf.Atom("shutdown"))
			return
		}
		switch x := signal.(type) {
		case node.Message:
			w.work(ctx, x.Term)
		case node.DownSignal:
			_ = w.Send(ctx, w.tell[x.Ref], etf.Tuple{etf.Atom("down"), w.Pid(), x.What, x.Reason})
			delete(w.tell, x.Ref)
		case node.ExitSignal:
			w.exit(ctx, x)
		}
	}
}

// exit serves an exit signal. Reason normal ends only those who end themselves.
func (w *worker) exit(ctx context.Context, x node.ExitSignal) {
	switch {
	case w.trap != nil:
		_ = w.Send(ctx, w.trap, etf.Tuple{etf.Atom("trapped"), w.Pid(), x.From, x.Reason})
	case x.Reason != etf.Term(etf.Atom("normal")):
		w.Terminate(x.Reason)
	}
}

// work serves a message, if it is one of the table.
func (w *worker) work(ctx context.Context, msg etf.Term) {
	for _, h := range []struct {
		tag  etf.Atom
		size int
		run  func(args []etf.Term)
	}{
		{"exit", 2, func(args []etf.Term) { w.Terminate(args[0]) }},
		{"tell", 3, func(args []etf.Term) { _ = w.Send(ctx, args[0], args[1]) }},
		{"echo", 3, func(args []etf.Term) { _ = w.Send(ctx, args[0], etf.Tuple{w.Pid(), args[1]}) }},
		{"link", 2, func(args []etf.Term) { w.link(ctx, args[0]) }},
		{"unlink", 2, func(args []etf.Term) {
			if pid, ok := etf.AsPid(args[0]); ok {
				w.Unlink(pid)
			}
		}},
		{"trap", 2, func(args []etf.Term) { w.trap = args[0] }},
		{"monitor", 3, func(args []etf.Term) { w.monitor(ctx, args[0], args[1]) }},
	} {
		if t, ok := etf.AsTagged(msg, h.tag, h.size); ok {
			h.run(t[1:])
			return
		}
	}
}

// link is erlang:link/1. A node that cannot be reached is a lost connection.
func (w *worker) link(ctx context.Context, to etf.Term) {
	pid, ok := etf.AsPid(to)
	if !ok || w.Link(ctx, pid) == nil {
		return
	}
	if w.trap == nil {
		w.Terminate(etf.Atom("noconnection"))
		return
	}
	_ = w.Send(ctx, w.trap, etf.Tuple{etf.Atom("trapped"), w.Pid(), pid, etf.Atom("noconnection")})
}

// monitor is erlang:monitor/2.
func (w *worker) monitor(ctx context.Context, what, to etf.Term) {
	ref, err := w.Monitor(ctx, what)
	if err != nil {
		_ = w.Send(ctx, to, etf.Tuple{etf.Atom("down"), w.Pid(), what, etf.Atom("noconnection")})
		return
	}
	w.tell[ref] = to
}
