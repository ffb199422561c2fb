package node

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node/dist"
)

// slug is a short stable word for an error.
type slug struct {
	err  error
	word string
}

// slugs lists the words; the first that fits counts.
func slugs() []slug {
	return []slug{
		{ErrSelf, "self"},
		{ErrLeaving, "leaving"},
		{ErrHostUnresolvable, "host_unresolvable"},
		{ErrEPMDRefused, "epmd_refused"},
		{ErrEPMDTimeout, "epmd_timeout"},
		{ErrNotRegistered, "not_registered"},
		{ErrDialRefused, "dial_refused"},
		{ErrDialTimeout, "dial_timeout"},
		{ErrTLSMismatch, "tls_mismatch"},
		{ErrCertificate, "bad_certificate"},
		{ErrCertificateRefused, "certificate_refused"},
		{ErrTLS, "tls"},
		{ErrCookieMismatch, "cookie_mismatch"},
		{ErrNameKind, "name_kind"},
		{ErrNameRefused, "name_refused"},
		{ErrNameTaken, "name_taken"},
		{ErrBadName, "bad_name"},
		{ErrPortsInUse, "ports_in_use"},
		{ErrFlagsMissing, "flags_missing"},
		{ErrWrongNode, "wrong_node"},
		{ErrTickedOut, "ticked_out"},
		{ErrReplaced, "replaced"},
		{ErrRemoved, "removed"},
		{ErrClosedByPeer, "closed_by_peer"},
		{ErrUndef, "undef"},
		{ErrNoProc, "noproc"},
		{ErrNoConnection, "no_connection"},
		{errLost, "superseded"},
		{ErrBusy, "busy"},
		{dist.ErrFrame, "bad_frame"},
		{dist.ErrLimit, "too_large"},
		{dist.ErrBadHandshake, "bad_handshake"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "cancelled"},
	}
}

// ReasonOf is a short stable word for an error of this package, for logs and as
// a metric's label: epmd_refused, cookie_mismatch, ticked_out and so on; "none"
// for nil and "other" for what has no word.
func ReasonOf(err error) string {
	if err == nil {
		return "none"
	}
	for _, s := range slugs() {
		if errors.Is(err, s.err) {
			return s.word
		}
	}
	return "other"
}

// typed puts the error of this package that fits in front of err.
type typed struct{ kind, cause error }

func (e *typed) Error() string   { return e.kind.Error() + " (" + e.cause.Error() + ")" }
func (e *typed) Unwrap() []error { return []error{e.kind, e.cause} }

func as(kind, cause error) error { return &typed{kind: kind, cause: cause} }

// epmdError translates what the EPMD client says.
func epmdError(err error) error {
	switch {
	case errors.Is(err, epmd.ErrNotRegistered):
		return as(ErrNotRegistered, err)
	case errors.Is(err, epmd.ErrRefused), errors.Is(err, epmd.ErrNoAnswer), errors.Is(err, epmd.ErrProtocol),
		isUnreachable(err):
		return as(ErrEPMDRefused, err)
	case errors.Is(err, epmd.ErrTimeout), isTimeout(err):
		return as(ErrEPMDTimeout, err)
	}
	return err
}

// dialError translates a failed TCP connect to the distribution port.
func dialError(err error) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), isUnreachable(err):
		return as(ErrDialRefused, err)
	case isTimeout(err):
		return as(ErrDialTimeout, err)
	}
	return err
}

// handshakeError translates a failed handshake, on either side.
func handshakeError(peer string, err error) error {
	var refused *dist.RefusedError
	var missing *dist.MissingFlagsError
	switch {
	case errors.Is(err, dist.ErrTLS):
		return as(ErrTLSMismatch, err)
	case certificateRefused(err):
		return as(ErrCertificateRefused, err)
	case errors.Is(err, dist.ErrClosedAfterReply), errors.Is(err, dist.ErrCookie):
		return as(ErrCookieMismatch, err)
	case errors.As(err, &missing):
		return as(&FlagsMissingError{Peer: peer, Flags: strings.Split(missing.Flags.String(), "|")}, err)
	case errors.As(err, &refused):
		return as(&NameRefusedError{Peer: peer, Status: refused.Status, ByUs: refused.ByUs}, err)
	case errors.Is(err, dist.ErrNameMismatch):
		return as(ErrWrongNode, err)
	case isTimeout(err):
		return as(ErrDialTimeout, err)
	case isClosed(err):
		return as(ErrClosedByPeer, err)
	}
	return err
}

// linkError translates why a link ended.
func linkError(err error) error {
	switch {
	case errors.Is(err, ErrLeaving), errors.Is(err, ErrReplaced):
		return err
	case errors.Is(err, dist.ErrTickedOut):
		return as(ErrTickedOut, err)
	case errors.Is(err, dist.ErrPeerClosed), isClosed(err):
		return as(ErrClosedByPeer, err)
	case isTimeout(err):
		return as(ErrTickedOut, err) // the kernel gave the connection up first
	}
	return err
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func isUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
