package room

import "errors"

// Errors of a Service.
var (
	ErrNotFound    = errors.New("room does not exist")
	ErrExists      = errors.New("room already exists")
	ErrUnreachable = errors.New("unable to communicate with the designated node") // 503
	ErrDraining    = errors.New("node takes no new rooms")
	// ErrUnsupported is a room's answer to a request it does not know.
	ErrUnsupported = errors.New("unknown request")
	// ErrReservations says that too many ids are reserved at once.
	ErrReservations = errors.New("too many reserved room ids")
)
