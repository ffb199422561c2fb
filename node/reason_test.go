package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node/dist"
)

func TestReasonOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "none"},
		{errors.New("x"), "other"},
		{fmt.Errorf("connect: %w", ErrSelf), "self"},
		{epmdError(fmt.Errorf("w: %w", epmd.ErrNotRegistered)), "not_registered"},
		{epmdError(epmd.ErrRefused), "epmd_refused"},
		{epmdError(epmd.ErrNoAnswer), "epmd_refused"},
		{epmdError(epmd.ErrTimeout), "epmd_timeout"},
		{epmdError(context.DeadlineExceeded), "epmd_timeout"},
		{epmdError(&net.OpError{Err: syscall.EHOSTUNREACH}), "epmd_refused"},
		{epmdError(io.ErrClosedPipe), "other"},
		{dialError(&net.OpError{Err: syscall.ECONNREFUSED}), "dial_refused"},
		{dialError(os.ErrDeadlineExceeded), "dial_timeout"},
		{dialError(io.ErrClosedPipe), "other"},
		{handshakeError("p", dist.ErrCookie), "cookie_mismatch"},
		{handshakeError("p", dist.ErrClosedAfterReply), "cookie_mismatch"},
		{handshakeError("p", dist.ErrNameMismatch), "wrong_node"},
		{handshakeError("p", dist.ErrBadHandshake), "bad_handshake"},
		{handshakeError("p", &dist.RefusedError{Status: dist.StatusNOK}), "name_refused"},
		{handshakeError("p", &dist.MissingFlagsError{Flags: dist.Spawn}), "flags_missing"},
		{handshakeError("p", io.EOF), "closed_by_peer"},
		{handshakeError("p", os.ErrDeadlineExceeded), "dial_timeout"},
		{linkError(ErrReplaced), "replaced"},
		{linkError(dist.ErrTickedOut), "ticked_out"},
		{linkError(ErrRemoved), "removed"},
		{linkError(dist.ErrPeerClosed), "closed_by_peer"},
		{linkError(syscall.ETIMEDOUT), "ticked_out"},
		{linkError(dist.ErrFrame), "bad_frame"},
		{&NameRefusedError{Peer: "p", Status: dist.StatusNotAllowed, ByUs: true}, "name_refused"},
		{&NameKindError{Name: "p@h", Long: true}, "name_kind"},
		{&RemoteError{Class: ClassError, Reason: atomUndef}, "undef"},
		{&RemoteError{Class: ClassExit, Reason: atomNoproc}, "noproc"},
		{&RemoteError{Class: ClassThrow, Reason: atomNoproc}, "other"},
		{context.DeadlineExceeded, "timeout"},
	} {
		if got := ReasonOf(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}
