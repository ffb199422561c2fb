package actor

import (
	"errors"
	"fmt"

	"ergo.services/ergo/gen"
)

// Reasons with which an actor ends. Any other error is a crash.
var (
	// ErrNormal as the result of Handle ends an actor normally.
	ErrNormal = errors.New("normal")
	// ErrShutdown is the reason when a supervisor or the system stops.
	ErrShutdown = errors.New("shutdown")
	// ErrKilled is the reason of an actor ended by Kill.
	ErrKilled = errors.New("killed")
)

// Errors of this package's functions.
var (
	// ErrNoActor says that the actor does not exist (any more).
	ErrNoActor = errors.New("no such actor")
	// ErrTaken says that another actor has the name.
	ErrTaken = errors.New("name is taken")
	// ErrStopped says that the system is stopping or stopped.
	ErrStopped = errors.New("actor system is stopped")
	// ErrSpec says that a supervisor's Spec makes no sense.
	ErrSpec = errors.New("bad supervisor spec")
	// ErrStopTimeout says that actors were still busy when Stop gave up.
	ErrStopTimeout = errors.New("actors still running")
)

// PanicError is the reason of an actor whose code panicked.
type PanicError struct {
	Value any // given to panic
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Crashed says whether reason is none of the orderly ones (ErrNormal,
// ErrShutdown). ErrKilled counts as a crash.
func Crashed(reason error) bool {
	return reason != nil && !errors.Is(reason, ErrNormal) && !errors.Is(reason, ErrShutdown)
}

// toErgo gives Ergo the very values its supervisors compare with.
func toErgo(reason error) error {
	switch {
	case reason == nil, errors.Is(reason, ErrNormal):
		return gen.TerminateReasonNormal
	case errors.Is(reason, ErrShutdown):
		return gen.TerminateReasonShutdown
	case errors.Is(reason, ErrKilled):
		return gen.TerminateReasonKill
	}
	return sealed{reason}
}

// sealed hides what a reason wraps: Ergo passes on only the innermost error.
type sealed struct{ reason error }

func (s sealed) Error() string { return s.reason.Error() }

func fromErgo(reason error) error {
	var s sealed
	switch {
	case errors.As(reason, &s):
		return s.reason
	case reason == nil, errors.Is(reason, gen.TerminateReasonNormal):
		return ErrNormal
	case errors.Is(reason, gen.TerminateReasonShutdown):
		return ErrShutdown
	case errors.Is(reason, gen.TerminateReasonKill):
		return ErrKilled
	}
	return reason
}

// nodeError translates what Ergo's node functions answer.
func nodeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gen.ErrProcessUnknown), errors.Is(err, gen.ErrProcessTerminated):
		return ErrNoActor
	case errors.Is(err, gen.ErrNodeTerminated):
		return fmt.Errorf("%w: %w", ErrNoActor, ErrStopped)
	case errors.Is(err, gen.ErrTaken):
		return ErrTaken
	}
	return fromErgo(err)
}
