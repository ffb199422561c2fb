package main

import (
	"context"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// maxDelay bounds {delay, Milliseconds, Term}.
const maxDelay = time.Minute

// server is the process echo: a gen_server whose loop is in Go. It takes calls
// and casts alike; a cast just gets no reply.
type server struct {
	app *app
	box *node.Mailbox
}

// request is one call or cast, taken apart.
type request struct {
	node.GenRequest
	args []etf.Term // the elements after the tag
}

// startServer starts the process, without its loop.
func startServer(a *app) (*server, error) {
	box, err := a.node.Mailbox("echo", 0)
	if err != nil {
		return nil, err
	}
	a.publish(box.Pid())
	return &server{app: a, box: box}, nil
}

// serve handles one signal after the other until the process ends.
func (s *server) serve(ctx context.Context) {
	for s.box.Alive() {
		signal, err := s.box.Receive(ctx)
		if err != nil { // ended by kill, or the program ends
			s.box.Terminate(etf.Atom("shutdown"))
			return
		}
		switch x := signal.(type) {
		case node.ExitSignal: // a gen_server that does not trap exits
			if x.Reason != etf.Term(etf.Atom("normal")) {
				s.box.Terminate(x.Reason)
			}
		case node.Message:
			s.handle(ctx, x)
		}
	}
}

// handle serves a message, if it is a call or a cast.
func (s *server) handle(ctx context.Context, m node.Message) {
	gen, ok := node.ParseGen(m.Term)
	if !ok {
		return
	}
	for _, h := range handlers() {
		if args, ok := h.match(gen.Request); ok {
			h.run(ctx, s, request{gen, args})
			return
		}
	}
	s.reply(ctx, request{GenRequest: gen}, etf.Tuple{etf.Atom("error"), etf.Atom("unknown_request")})
}

// reply answers a call. That the caller has gone is its own business.
func (s *server) reply(ctx context.Context, r request, answer etf.Term) {
	if err := s.box.Reply(ctx, r.GenRequest, answer); err != nil {
		_ = s.box.Reply(ctx, r.GenRequest, etf.Tuple{etf.Atom("error"), err.Error()})
	}
}

// handler serves requests of one shape: {tag, …} of that size, or the atom.
type handler struct {
	tag  etf.Atom
	size int // of the tuple; 0: an atom
	run  func(ctx context.Context, s *server, r request)
}

// handlers is the table of what the server can do.
func handlers() []handler {
	return []handler{
		{"echo", 2, func(ctx context.Context, s *server, r request) { s.reply(ctx, r, r.args[0]) }},
		{"delay", 3, delay},
		{"crash", 2, func(_ context.Context, s *server, r request) { s.box.Terminate(r.args[0]) }},
		{"stop", 0, stop},
		{"spawn_worker", 0, spawnWorker},
		{"tell", 3, tell},
		{"exit", 3, exit},
	}
}

func (h handler) match(t etf.Term) (args []etf.Term, ok bool) {
	if h.size == 0 {
		return nil, t == etf.Term(h.tag)
	}
	tuple, ok := etf.AsTagged(t, h.tag, h.size)
	if !ok {
		return nil, false
	}
	return tuple[1:], true
}

// delay replies {delay, Milliseconds, Term} later; the server goes on meanwhile.
func delay(ctx context.Context, s *server, r request) {
	ms, ok := etf.AsInt(r.args[0])
	if !ok || ms < 0 || ms > maxDelay.Milliseconds() {
		s.reply(ctx, r, badarg())
		return
	}
	s.app.tasks.Go(func() {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
			s.reply(s.app.ctx, r, r.args[1])
		case <-s.app.ctx.Done():
		}
	})
}

func stop(ctx context.Context, s *server, r request) {
	s.reply(ctx, r, etf.Atom("ok"))
	s.box.Terminate(etf.Atom("normal"))
}

func spawnWorker(ctx context.Context, s *server, r request) {
	w, err := s.app.startWorker()
	if err != nil {
		s.reply(ctx, r, etf.Tuple{etf.Atom("error"), err.Error()})
		return
	}
	s.reply(ctx, r, etf.Tuple{etf.Atom("ok"), w.Pid()})
}

// tell sends a message: {tell, To, Message}; To is a pid, an alias or
// {Name, Node}.
func tell(ctx context.Context, s *server, r request) {
	s.reply(ctx, r, outcome(s.box.Send(ctx, r.args[0], r.args[1])))
}

// exit is exit(Pid, Reason): {exit, Pid, Reason}.
func exit(ctx context.Context, s *server, r request) {
	pid, ok := etf.AsPid(r.args[0])
	if !ok {
		s.reply(ctx, r, badarg())
		return
	}
	s.reply(ctx, r, outcome(s.box.ExitProcess(ctx, pid, r.args[1])))
}

// outcome is ok or {error, Text}.
func outcome(err error) etf.Term {
	if err != nil {
		return etf.Tuple{etf.Atom("error"), err.Error()}
	}
	return etf.Atom("ok")
}

func badarg() etf.Term { return etf.Tuple{etf.Atom("error"), etf.Atom("badarg")} }
