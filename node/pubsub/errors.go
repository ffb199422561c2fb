package pubsub

import "errors"

// Errors of the package. They come wrapped; test for them with errors.Is.
var (
	// ErrBadName: the name of a PubSub is empty or too long.
	ErrBadName = errors.New("not a name of a PubSub")
	// ErrBadMessage: a message that cannot be encoded, or a dispatcher that is no
	// atom. Nobody got it.
	ErrBadMessage = errors.New("cannot be sent")
	// ErrBusy: too much is queued for the node that was named.
	ErrBusy = errors.New("the peer does not read")
	// ErrSlow: a subscriber did not keep up and was cut off.
	ErrSlow = errors.New("too many messages wait")
	// ErrPanicked: a subscriber's function panicked.
	ErrPanicked = errors.New("the subscriber panicked")
	// ErrStopped: the PubSub has been stopped.
	ErrStopped = errors.New("the PubSub has stopped")
)
