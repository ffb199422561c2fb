package pg

import "errors"

// Errors of the package. They come wrapped; test for them with errors.Is.
var (
	// ErrNotLocal: only processes of this node can join and leave.
	ErrNotLocal = errors.New("not a process of this node")
	// ErrNotJoined: none of the processes was in the group.
	ErrNotJoined = errors.New("not in the group")
	// ErrBadGroup: a term that cannot be sent to other nodes, such as NaN.
	ErrBadGroup = errors.New("no name of a group")
	// ErrStopped: the scope has been stopped.
	ErrStopped = errors.New("the scope has stopped")
	// ErrSlow: a monitor did not keep up with the events.
	ErrSlow = errors.New("too many events wait")
)
