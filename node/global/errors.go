package global

import "errors"

// Errors of the package. They come wrapped with the name that was given.
var (
	// ErrNameTaken: another process has the name.
	ErrNameTaken = errors.New("the global name is taken")
	// ErrPidNamed: the process has a global name already; it can have one.
	ErrPidNamed = errors.New("the process has a global name")
	// ErrStopped: the server has been stopped.
	ErrStopped = errors.New("the global name server is stopped")
	// ErrHidden: hidden nodes take no part in global names.
	ErrHidden = errors.New("a hidden node has no global names")
	// ErrBadName: the name or resource cannot be encoded as a term.
	ErrBadName = errors.New("not a term")
)
