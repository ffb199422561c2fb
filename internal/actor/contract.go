// Package actor is a thin façade over Ergo: spawn, send, call, watch and supervise. It is the only importer of Ergo.
package actor

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// ---- CONTRACT (the owner of internal/actor replaces this file) ----

// System is one Ergo node with its network, signal handler and console off.
type System struct{}

// Start begins a system. Logger gets Ergo's log lines.
func Start(ctx context.Context, name string, logger *slog.Logger) (*System, error) { panic("stub") }

// Stop ends all actors.
func (s *System) Stop(ctx context.Context) error { panic("stub") }

// PID identifies an actor. Comparable; zero is nobody.
type PID struct{ _ uint64 }

func (p PID) String() string { panic("stub") }

// ErrNormal as the result of Handle ends an actor normally.
var ErrNormal = errors.New("normal")

// ErrKilled is the reason of an actor ended by Kill; ErrNoActor: it does not exist.
var (
	ErrKilled  = errors.New("killed")
	ErrNoActor = errors.New("no such actor")
)

// Behaviour is an actor's code. A panic or an error ends the actor with that reason.
type Behaviour interface {
	Init(self *Self) error
	Handle(self *Self, msg any) error // msg of a Call is *Request: answer with req.Reply or later
	Terminate(self *Self, reason error)
}

// Self is an actor's own handle, valid inside its callbacks only.
type Self struct{}

func (s *Self) PID() PID                                           { panic("stub") }
func (s *Self) System() *System                                    { panic("stub") }
func (s *Self) SendAfter(d time.Duration, msg any) (cancel func()) { panic("stub") }

// Request is a Call's message.
type Request struct{ Msg any }

// Reply answers; only the first counts.
func (r *Request) Reply(value any, err error) { panic("stub") }

// Spawn starts an unsupervised actor. name "" = unregistered.
func (s *System) Spawn(name string, b func() Behaviour) (PID, error) { panic("stub") }

// Send is asynchronous and may be called from any goroutine. ErrNoActor when it is gone.
func (s *System) Send(to PID, msg any) error                 { panic("stub") }
func (s *System) SendName(name string, msg any) error        { panic("stub") }
func (s *System) Whereis(name string) (PID, bool)            { panic("stub") }
func (s *System) Kill(pid PID) error                         { panic("stub") } // ends without Terminate
func (s *System) Exit(pid PID, reason error) error           { panic("stub") } // as a crash with reason
func (s *System) Watch(pid PID, fn func(reason error)) error { panic("stub") } // fn once, from a watcher actor; must not block

// Call sends a *Request and waits for its Reply or ctx (Go channel, never Ergo refs). ErrNoActor / the crash reason when the actor dies meanwhile.
func (s *System) Call(ctx context.Context, to PID, msg any) (any, error) { panic("stub") }

// Restart says when a child is started again.
type Restart int

// Restart policies.
const (
	Permanent Restart = iota
	Transient
	Temporary
)

// Spec is a supervisor as data.
type Spec struct {
	Name      string
	Dynamic   bool // simple one for one: Children[0] is the template, StartChild adds
	Restart   Restart
	Intensity int           // default 5 restarts
	Period    time.Duration // in 5 s
	Children  []Child
}

// Child is an actor or a nested supervisor.
type Child struct {
	Name   string // registered name of the actor ("" for dynamic children)
	Start  func(arg any) Behaviour
	Nested *Spec
}

// Supervise starts a supervisor tree.
func (s *System) Supervise(spec Spec) (PID, error) { panic("stub") }

// StartChild adds a child to a dynamic supervisor.
func (s *System) StartChild(supervisor string, arg any) (PID, error) { panic("stub") }
