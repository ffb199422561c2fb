package node

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// Errors of the package. They come wrapped with what was tried and the name of
// the thing; test for them with errors.Is.
var (
	// ErrBadName: a string that is no node name, or an empty or overlong
	// process name.
	ErrBadName = errors.New("not a valid name")
	// ErrNameTaken: another node of the host holds our alive name in EPMD, or
	// another process of this node the process name.
	ErrNameTaken = errors.New("the name is taken")
	// ErrPortsInUse: no port of the configured range is free.
	ErrPortsInUse = errors.New("all distribution ports are in use")

	// ErrSelf: a node cannot connect to itself.
	ErrSelf = errors.New("this is the node itself")
	// ErrHostUnresolvable: the host part of a name has no address.
	ErrHostUnresolvable = errors.New("host cannot be resolved")
	// ErrEPMDRefused: nothing listens on the peer's EPMD port.
	ErrEPMDRefused = errors.New("no EPMD on the peer's host")
	// ErrEPMDTimeout: the peer's EPMD did not answer.
	ErrEPMDTimeout = errors.New("EPMD on the peer's host does not answer")
	// ErrNotRegistered: the peer's EPMD does not know the name: the node is
	// not running.
	ErrNotRegistered = errors.New("EPMD on the peer's host does not know the node")
	// ErrDialRefused: nothing listens on the port that EPMD gave.
	ErrDialRefused = errors.New("the peer's distribution port refuses connections")
	// ErrDialTimeout: the port that EPMD gave does not answer, or the peer
	// accepts but does not speak: a firewall, or a frozen process.
	ErrDialTimeout = errors.New("the peer's distribution port does not answer")
	// ErrCookieMismatch: dialling, the peer closed the connection after our
	// challenge reply, which is all it tells about cookies; accepting, the
	// peer's digest was wrong.
	ErrCookieMismatch = errors.New("cookies differ")
	// ErrNameRefused: the peer refused our name; see NameRefusedError.
	ErrNameRefused = errors.New("the peer refused the connection")
	// ErrNameKind: short against long names; see NameKindError.
	ErrNameKind = errors.New("short and long names do not mix")
	// ErrFlagsMissing: a capability is missing; see FlagsMissingError.
	ErrFlagsMissing = errors.New("capabilities are missing")
	// ErrWrongNode: another node answered than the one that was dialled.
	ErrWrongNode = errors.New("another node answered")

	// ErrTickedOut: a link was given up since nothing came for net_ticktime.
	ErrTickedOut = errors.New("ticked out")
	// ErrClosedByPeer: the peer closed a link or a connection.
	ErrClosedByPeer = errors.New("closed by peer")
	// ErrReplaced: the peer made a new connection in place of a link.
	ErrReplaced = errors.New("replaced by a new connection")
	// ErrLeaving: the node is being stopped.
	ErrLeaving = errors.New("the node is leaving")

	// ErrNoConnection: there is no link, or it was lost meanwhile.
	ErrNoConnection = errors.New("no connection")
	// ErrNoProc: there is no such process.
	ErrNoProc = errors.New("no such process")
	// ErrUndef: there is no such function, or it may not be called.
	ErrUndef = errors.New("undefined function")
	// ErrBusy: more is queued to a peer than allowed; nothing was sent.
	ErrBusy = errors.New("busy")
	// ErrBadTarget: a term that no message can be sent to.
	ErrBadTarget = errors.New("not a pid, an alias or {Name, Node}")
	// ErrBadAnswer: a peer's answer was not what the protocol has there.
	ErrBadAnswer = errors.New("unexpected answer")
)

// NameRefusedError is a status with which a peer ended a handshake.
// errors.Is finds ErrNameRefused in it.
type NameRefusedError struct {
	Peer   string
	Status dist.Status // nok, not_allowed, alive
	ByUs   bool        // we refused the peer
}

// Error says who refused whom, and how.
func (e *NameRefusedError) Error() string {
	if e.ByUs {
		return fmt.Sprintf("refused %s with status %s", e.Peer, e.Status)
	}
	return fmt.Sprintf("%s refused this node's name with status %s", e.Peer, e.Status)
}

// Is makes errors.Is find ErrNameRefused.
func (e *NameRefusedError) Is(target error) bool { return target == ErrNameRefused }

// NameKindError says that a name is of the other kind than this node's names.
// errors.Is finds ErrNameKind in it.
type NameKindError struct {
	Name string
	Long bool // this node uses long names
}

// Error says what is wrong and what would be right.
func (e *NameKindError) Error() string {
	if e.Long {
		return fmt.Sprintf("this node uses long names, and the host part of %s has no dot and is no IP address", e.Name)
	}
	return fmt.Sprintf("this node uses short names, and the host part of %s has a dot", e.Name)
}

// Is makes errors.Is find ErrNameKind.
func (e *NameKindError) Is(target error) bool { return target == ErrNameKind }

// FlagsMissingError names the capabilities that a peer lacks. errors.Is finds
// ErrFlagsMissing in it.
type FlagsMissingError struct {
	Peer  string
	Flags []string // names as in the OTP document, such as HANDSHAKE_23
}

// Error lists the capabilities.
func (e *FlagsMissingError) Error() string {
	return fmt.Sprintf("%s lacks the capabilities %s", e.Peer, strings.Join(e.Flags, ", "))
}

// Is makes errors.Is find ErrFlagsMissing.
func (e *FlagsMissingError) Is(target error) bool { return target == ErrFlagsMissing }

// Classes of a RemoteError, as in Erlang's try … catch Class:Reason.
const (
	ClassError = "error"
	ClassExit  = "exit"
	ClassThrow = "throw"
)

// RemoteError is how a called function ended other than by returning, on both
// sides: Call returns it, and a function given to Handle may return one to end
// so. An exit signal that hit the called process is Class exit with the Reason
// {signal, R}, as erpc has it.
type RemoteError struct {
	Class  string   // error, exit or throw
	Reason etf.Term // what was raised
	Stack  etf.Term // only Class error: the stack trace
}

// Error says class and reason.
func (e *RemoteError) Error() string { return fmt.Sprintf("%s: %s", e.Class, etf.String(e.Reason)) }

// Is makes errors.Is find ErrUndef and ErrNoProc.
func (e *RemoteError) Is(target error) bool {
	switch target {
	case ErrUndef:
		return e.Class == ClassError && e.Reason == etf.Term(atomUndef)
	case ErrNoProc:
		return e.Class == ClassExit && e.Reason == etf.Term(atomNoproc)
	}
	return false
}

// Error makes the error of a function that calls erlang:error(reason).
func Error(reason etf.Term) error { return &RemoteError{Class: ClassError, Reason: reason} }

// Exit makes the error of a function that calls exit(reason).
func Exit(reason etf.Term) error { return &RemoteError{Class: ClassExit, Reason: reason} }

// Throw makes the error of a function that calls throw(value).
func Throw(value etf.Term) error { return &RemoteError{Class: ClassThrow, Reason: value} }
