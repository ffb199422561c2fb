package actor

import (
	"fmt"

	"ergo.services/ergo/gen"
)

// actorOptions silence Ergo's own lines about actors: the façade logs ends.
func actorOptions() gen.ProcessOptions {
	return gen.ProcessOptions{LogLevel: gen.LogLevelDisabled}
}

// Spawn starts an unsupervised actor and returns when its Init has. name "" =
// unregistered, else at most 255 bytes. ErrTaken, ErrStopped, or Init's error.
func (s *System) Spawn(name string, b func() Behaviour) (PID, error) {
	return s.spawn(name, s.newProcess(b))
}

func (s *System) spawn(name string, p *process) (PID, error) {
	factory := func() gen.ProcessBehavior { return p }
	var err error
	if name == "" {
		_, err = s.node.Spawn(factory, actorOptions())
	} else {
		_, err = s.node.SpawnRegister(gen.Atom(name), factory, actorOptions())
	}
	if err != nil {
		return PID{}, fmt.Errorf("start actor %q: %w", name, nodeError(err))
	}
	p.publish()
	return PID{&p.cell}, nil
}

// Send is asynchronous, keeps the order of one sender's messages, and may be
// called from any goroutine. ErrNoActor when the actor is gone.
func (s *System) Send(to PID, msg any) error {
	if to.c == nil {
		return ErrNoActor
	}
	return nodeError(s.node.Send(to.c.pid, msg))
}

// SendName is Send to the actor registered under name.
func (s *System) SendName(name string, msg any) error {
	pid, ok := s.Whereis(name)
	if !ok {
		return fmt.Errorf("send to %s: %w", name, ErrNoActor)
	}
	return s.Send(pid, msg)
}

// Whereis finds the actor or supervisor registered under name.
func (s *System) Whereis(name string) (PID, bool) {
	c, ok := s.named.Load(name)
	if !ok {
		return PID{}, false
	}
	return PID{c.(*cell)}, true
}

// Kill ends an actor without Terminate, once the callback that runs (if any)
// returns. Its name is free at once. A static supervisor ends its children
// first. ErrNoActor when it is gone.
func (s *System) Kill(pid PID) error {
	if pid.c == nil {
		return ErrNoActor
	}
	if pid.c.static {
		return s.Exit(pid, ErrKilled)
	}
	pid.c.free()
	pid.c.awaitLink()
	return nodeError(s.node.Kill(pid.c.pid))
}

// Discard is Kill for an actor whose end everybody knows of already: no Watch
// function is called and no line is logged. It costs a fraction of an Exit,
// which counts where 100,000 actors end.
func (s *System) Discard(pid PID) error {
	if pid.c == nil {
		return ErrNoActor
	}
	pid.c.ignore()
	return s.Kill(pid)
}

// Exit ends an actor after the callback that runs, ahead of the messages in
// its mailbox; Terminate gets the reason. ErrNormal and nil end it normally,
// ErrShutdown as a supervisor would, any other reason as a crash.
func (s *System) Exit(pid PID, reason error) error {
	if pid.c == nil {
		return ErrNoActor
	}
	return nodeError(s.node.SendExit(pid.c.pid, toErgo(reason)))
}
