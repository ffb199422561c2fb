package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Errors of the client, the server and Ensure. They come wrapped with what was
// tried; test for them with errors.Is.
var (
	// ErrNotRegistered: the EPMD does not know the name.
	ErrNotRegistered = errors.New("name not registered with EPMD")
	// ErrNameTaken: the EPMD refused the registration; another node of the
	// host holds the name.
	ErrNameTaken = errors.New("name already registered with EPMD")
	// ErrBadName: no EPMD would register the name: it is empty, not UTF-8,
	// longer than 255 characters or contains a NUL.
	ErrBadName = errors.New("not a valid node name for EPMD")
	// ErrRefused: nothing listens on the EPMD port.
	ErrRefused = errors.New("EPMD refused the connection")
	// ErrTimeout: EPMD did not answer in time.
	ErrTimeout = errors.New("EPMD did not answer in time")
	// ErrNoAnswer: EPMD closed the connection instead of answering, as it
	// does for requests that only local clients may make.
	ErrNoAnswer = errors.New("EPMD closed the connection without an answer")
	// ErrProtocol: what answered on the EPMD port is not an EPMD.
	ErrProtocol = errors.New("not an answer of EPMD")
	// ErrInUse: another process listens on the EPMD port.
	ErrInUse = errors.New("EPMD port is in use")
	// ErrKilled: the server ended because of a KILL request.
	ErrKilled = errors.New("EPMD was killed by a request")
	// ErrMalformed: a request that is closed without an answer.
	ErrMalformed = errors.New("malformed EPMD request")
)

// classify puts the sentinel that fits in front of a network error.
func classify(err error) error {
	var timeout net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return err
}
