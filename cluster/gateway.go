package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Names of this package's actors.
const (
	gatewayName    = "cluster.gateway"
	membershipName = "cluster.membership"
)

// handOver is how long the identity of a dead actor is kept for its successor,
// so that a caller that sees the DOWN finds the successor behind the name.
const handOver = 200 * time.Millisecond

// startWait is the pause between two looks at an actor that is being started,
// startLimit how long that may last.
const (
	startWait  = time.Millisecond
	startLimit = 5 * time.Second
)

// Envelope is what came from another node for an exposed actor.
type Envelope struct {
	From etf.Pid // zero when unknown
	Term etf.Term
	// Gen is the parsed request of a gen_server call or cast; nil for any other
	// message.
	Gen *node.GenRequest

	proc process
}

// Reply answers a gen_server call on the link it came by; nothing happens for
// a cast or a plain message.
func (e Envelope) Reply(ctx context.Context, answer etf.Term) error {
	if e.Gen == nil || e.Gen.Cast {
		return nil
	}
	return e.proc.Reply(ctx, *e.Gen, answer)
}

// ExitError is the reason of an actor that a BEAM process ended by an exit
// signal. It goes to monitors and links as it came.
type ExitError struct{ Reason etf.Term }

// Error shows the term.
func (e *ExitError) Error() string { return "exit: " + etf.String(e.Reason) }

// Gateway is the bridge between Ergo's actors and BEAM names and pids. An
// exposed actor has a registered name and a pid of the Erlang node: messages
// reach it as Envelopes, its death reaches remote monitors and links with its
// reason, and an exit signal ends it. Its successor, started by the supervisor
// and exposed under the same name, has a new pid.
//
// The tables are shared; one actor brings what is exposed in line with what is
// to be exposed, so that all changes happen in one place and one after the
// other. It may crash at any moment: its successor goes on from the tables.
type Gateway struct {
	node   erlang
	actors actors
	log    *slog.Logger

	settling sync.Mutex // a killed gateway actor may still be at it when its successor begins

	mu     sync.Mutex
	wanted map[string]wish
	live   map[string]*exposure
}

// wish is an actor that is to have a name.
type wish struct {
	pid   actor.PID
	until time.Time // when its start must be over
}

type exposure struct {
	pid    actor.PID
	proc   process
	ready  chan struct{} // closed when proc is set
	dead   bool
	reason error
	until  time.Time // dead: the end of the hand-over
}

func newGateway(n erlang, a actors, log *slog.Logger) *Gateway {
	return &Gateway{node: n, actors: a, log: log, wanted: map[string]wish{}, live: map[string]*exposure{}}
}

// Expose gives pid, an actor registered under name, the same name on the Erlang
// node. The actor calls it in its Init, so that it is exposed again after each
// restart. It does not wait.
func (g *Gateway) Expose(name string, pid actor.PID) {
	g.mu.Lock()
	g.wanted[name] = wish{pid: pid, until: time.Now().Add(startLimit)}
	g.mu.Unlock()
	g.poke()
}

// exposed says whether an actor is behind the name now.
func (g *Gateway) exposed(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	x := g.live[name]
	return x != nil && !x.dead
}

// anyPid is the pid of some exposed actor; zero when there is none.
func (g *Gateway) anyPid() etf.Pid {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, x := range g.live {
		if !x.dead {
			return x.proc.Pid()
		}
	}
	return etf.Pid{}
}

func (g *Gateway) poke() {
	// Without a gateway actor nothing is lost: it looks at the tables first.
	_ = g.actors.SendName(gatewayName, wake{})
}

// step is what is to be done about a name.
type step int

const (
	stepNone step = iota
	stepWait      // the dead actor's successor may come
	stepSwap      // end the dead identity, begin the successor's if there is one
	stepAdd       // begin an identity
)

// next decides about one name.
func (g *Gateway) next(name string, now time.Time) (s step, x *exposure, want actor.PID, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	x, want = g.live[name], g.wanted[name].pid
	if x != nil && !x.dead {
		return stepNone, nil, want, 0
	}
	if x != nil && want == x.pid {
		if now.Before(x.until) {
			return stepWait, nil, want, x.until.Sub(now)
		}
		want = actor.PID{} // nobody has come
	}
	if want != (actor.PID{}) && !g.started(name, want) {
		if now.Before(g.wanted[name].until) {
			return stepWait, nil, want, startWait
		}
		want = actor.PID{} // it has ended before it was started
	}
	if want == (actor.PID{}) {
		delete(g.wanted, name)
	}
	if x == nil {
		return stepAdd, nil, want, 0
	}
	delete(g.live, name)
	return stepSwap, x, want, 0
}

// started says whether an actor's start is over. It calls Expose before that,
// and its supervisor learns only of what ends after it.
func (g *Gateway) started(name string, pid actor.PID) bool {
	p, ok := g.actors.Whereis(name)
	return ok && p == pid
}

// settle does what the tables ask for and says when to look again (0: when poked).
func (g *Gateway) settle() (again time.Duration) {
	g.settling.Lock()
	defer g.settling.Unlock()
	now := time.Now()
	for _, name := range g.names() {
		s, x, want, wait := g.next(name, now)
		if s == stepSwap {
			// The name is free, monitors and links are told.
			x.proc.Terminate(reasonTerm(x.reason))
		}
		if (s == stepSwap || s == stepAdd) && want != (actor.PID{}) {
			if err := g.install(name, want); err != nil {
				g.log.Error("name cannot be registered", "name", name, "error", err)
				wait = time.Second
			}
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again
}

// names lists what is wanted or live.
func (g *Gateway) names() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []string
	for name := range g.wanted {
		names = append(names, name)
	}
	for name := range g.live {
		if _, ok := g.wanted[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// install gives an actor its identity. It is watched first, so that its reason
// is known however soon it ends.
func (g *Gateway) install(name string, pid actor.PID) error {
	x := &exposure{pid: pid, ready: make(chan struct{})}
	if err := g.actors.Watch(pid, func(reason error) { g.died(x, reason) }); err != nil {
		g.forget(name, pid) // it has ended; its successor will come
		return nil
	}
	proc, err := g.node.Spawn(name, node.Callbacks{
		Message: func(m node.Message) { g.deliver(x, m) },
		Exit:    func(_ etf.Pid, reason etf.Term) { g.exit(pid, reason) },
	})
	if err != nil {
		return err
	}
	x.proc = proc
	close(x.ready)
	g.mu.Lock()
	g.live[name] = x
	ended := x.dead
	g.mu.Unlock()
	if ended {
		g.poke()
	}
	return nil
}

// forget drops a wish for an actor that has ended.
func (g *Gateway) forget(name string, pid actor.PID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wanted[name].pid == pid {
		delete(g.wanted, name)
	}
}

// died marks an exposure; the actor is told to withdraw it.
func (g *Gateway) died(x *exposure, reason error) {
	g.mu.Lock()
	x.dead, x.reason, x.until = true, reason, time.Now().Add(handOver)
	g.mu.Unlock()
	g.poke()
}

// deliver runs on a link's reader and does not block: install, which it may
// overtake, is about to set proc.
func (g *Gateway) deliver(x *exposure, m node.Message) {
	<-x.ready
	e := Envelope{From: m.From, Term: m.Term, proc: x.proc}
	if req, ok := node.ParseGen(m.Term); ok {
		e.Gen = &req
	}
	if err := g.actors.Send(x.pid, e); err != nil {
		g.log.Debug("message for an actor that is gone", "error", err)
	}
}

// exit passes an exit signal on, as to a process that does not trap exits.
func (g *Gateway) exit(pid actor.PID, reason etf.Term) {
	if isAtom(reason, "normal") {
		return
	}
	var err error
	if isAtom(reason, "kill") || isAtom(reason, "killed") {
		err = g.actors.Kill(pid)
	} else {
		err = g.actors.Exit(pid, &ExitError{Reason: reason})
	}
	if err != nil && !errors.Is(err, actor.ErrNoActor) {
		g.log.Warn("actor not ended by exit signal", "error", err)
	}
}

// reasonTerm is an actor's reason as BEAM processes see it.
func reasonTerm(reason error) etf.Term {
	var exit *ExitError
	var panicked *actor.PanicError
	switch {
	case reason == nil, errors.Is(reason, actor.ErrNormal):
		return etf.Atom("normal")
	case errors.Is(reason, actor.ErrKilled):
		return etf.Atom("killed")
	case errors.Is(reason, actor.ErrShutdown):
		return etf.Atom("shutdown")
	case errors.Is(reason, actor.ErrNoActor):
		return etf.Atom("noproc")
	case errors.As(reason, &exit):
		return exit.Reason
	case errors.As(reason, &panicked):
		return etf.Tuple{etf.Atom("panic"), []byte(fmt.Sprint(panicked.Value))}
	}
	return etf.Tuple{etf.Atom("error"), []byte(reason.Error())}
}

// gatewayActor is the actor of a Gateway.
type gatewayActor struct {
	gateway *Gateway
	cancel  func()
}

func (a *gatewayActor) Init(self *actor.Self) error {
	a.look(self)
	return nil
}

func (a *gatewayActor) Handle(self *actor.Self, msg any) error {
	if _, ok := msg.(wake); ok {
		a.look(self)
	}
	return nil
}

func (a *gatewayActor) Terminate(*actor.Self, error) {
	if a.cancel != nil {
		a.cancel()
	}
}

func (a *gatewayActor) look(self *actor.Self) {
	if a.cancel != nil {
		a.cancel()
		a.cancel = nil
	}
	if d := a.gateway.settle(); d > 0 {
		a.cancel = self.SendAfter(d, wake{})
	}
}
