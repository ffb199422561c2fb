package dist

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Errors of the handshake.
var (
	// ErrBadHandshake says that a message was not what the protocol has here.
	ErrBadHandshake = errors.New("bad handshake message")
	// ErrCookie says that the peer's digest is wrong: it has another cookie.
	ErrCookie = errors.New("the peer's challenge digest is wrong: cookies differ")
	// ErrClosedAfterReply is what the dialling side sees when the peer does
	// not accept its digest, since such a peer says nothing.
	ErrClosedAfterReply = errors.New("the peer closed the connection after our challenge reply: almost certainly the cookies differ")
	// ErrTLS says that a peer greets with TLS where none is spoken.
	ErrTLS = errors.New("the peer speaks TLS")
	// ErrNameMismatch says that another node answered than the one dialled.
	ErrNameMismatch = errors.New("the peer has another name than was dialled")
)

// RefusedError says that the acceptor ended the handshake with a status.
type RefusedError struct {
	Peer   string
	Status Status // nok, not_allowed, alive (not to be replaced), or something unknown
	ByUs   bool   // we are the acceptor
}

func (e *RefusedError) Error() string {
	if e.ByUs {
		return fmt.Sprintf("we refused %q: %s", e.Peer, e.Status)
	}
	return fmt.Sprintf("%q refused us: %s", e.Peer, e.Status)
}

// MissingFlagsError says that the peer lacks capabilities that we need.
type MissingFlagsError struct {
	Peer  string
	Flags Flags // the missing ones
}

func (e *MissingFlagsError) Error() string {
	return fmt.Sprintf("%q lacks mandatory flags: %s", e.Peer, e.Flags)
}

// Errors of a link.
var (
	// ErrTickedOut says that no byte came for TickTime and a quarter.
	ErrTickedOut = errors.New("ticked out: nothing received for longer than net_ticktime")
	// ErrPeerClosed says that the peer closed the connection.
	ErrPeerClosed = errors.New("the peer closed the connection")
	// ErrClosed says that the link was closed by us without a reason.
	ErrClosed = errors.New("link closed")
	// ErrFrame says that framing was lost, so that nothing after it can be read.
	ErrFrame = errors.New("bad frame")
	// ErrLimit says that a frame or the open fragments went over a limit.
	ErrLimit = errors.New("limit of the link exceeded")
	// ErrBusy says that Post found no room in the buffer.
	ErrBusy = errors.New("link is busy: its buffer is full")
	// ErrUnsupported says that the peer has no operation for a signal.
	ErrUnsupported = errors.New("not supported by the peer")
)

// connError tells the peer's end of the connection from other errors of it.
func connError(what string, err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return ErrPeerClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %s: %w", ErrPeerClosed, what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
