package actor

import "time"

// Behaviour is an actor's code. Its methods are called one at a time.
type Behaviour interface {
	// Init runs before Spawn returns. An error (or a panic) makes Spawn
	// fail; Terminate is then not called. It has 5 s.
	Init(self *Self) error
	// Handle gets each message. The message of a Call is a *Request: answer
	// with its Reply, now or later. A non-nil error (ErrNormal for an
	// orderly end) or a panic ends this actor, and no other.
	Handle(self *Self, msg any) error
	// Terminate runs after the last Handle with the reason of the end
	// (ErrNormal, ErrShutdown, *PanicError or what Handle or Exit said);
	// not after Kill.
	Terminate(self *Self, reason error)
}

// Self is an actor's own handle, valid inside its callbacks only.
type Self struct{ p *process }

// PID is the actor's own identity.
func (s *Self) PID() PID { return PID{&s.p.cell} }

// System is where the actor runs.
func (s *Self) System() *System { return s.p.sys }

// SendAfter sends msg to the actor itself after d. Calling cancel, from any
// goroutine, prevents that if it has not happened yet; the message may
// already be in the mailbox then.
func (s *Self) SendAfter(d time.Duration, msg any) (cancel func()) {
	sys, to := s.p.sys, s.PID()
	t := time.AfterFunc(d, func() { _ = sys.Send(to, msg) })
	return func() { t.Stop() }
}
