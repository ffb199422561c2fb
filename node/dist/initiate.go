package dist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// Initiate runs the handshake as the dialling side. alive is asked when the
// peer answers "alive", that is, believes that we are connected already (true:
// replace the old link; nil means false). A context without a deadline gets
// 7 s. On an error the caller closes conn.
//
// Errors: *RefusedError, *MissingFlagsError, and what errors.Is finds as
// ErrNameMismatch, ErrClosedAfterReply, ErrCookie, ErrBadHandshake, or the
// context's error.
func Initiate(ctx context.Context, conn net.Conn, local Local, peerName string, alive func() bool) (Peer, error) {
	s := newSession(conn, local)
	s.peer.Name = peerName
	return s.run(ctx, func(context.Context) error { return s.initiate(alive) })
}

func (s *session) initiate(alive func() bool) error {
	h := hello{flags: s.offer(), creation: s.local.Creation, name: s.local.Name}
	if err := s.send("name", h.append(nil)); err != nil {
		return err
	}
	if err := s.takeStatus(alive); err != nil {
		return err
	}
	theirs, err := s.takeChallenge()
	if err != nil {
		return err
	}
	return s.prove(theirs)
}

// takeStatus receives the status and answers "alive".
func (s *session) takeStatus(alive func() bool) error {
	msg, err := s.receive("status")
	if errors.Is(err, io.EOF) && !s.local.Wide {
		return fmt.Errorf("%w; a node that expects TLS ends so", err)
	}
	if err != nil {
		return err
	}
	status, err := parseStatus(msg)
	if err != nil {
		return err
	}
	switch {
	case status == StatusOK, status == StatusOKSimultaneous:
		return nil
	case status == StatusAlive:
		return s.answerAlive(alive != nil && alive())
	case s.local.Flags.Has(NameMe) && strings.HasPrefix(string(status), statusNamed):
		s.peer.OurName, s.peer.OurCreation, err = parseNamed(status)
		return err
	}
	return &RefusedError{Peer: s.peer.Name, Status: status}
}

func (s *session) answerAlive(replace bool) error {
	answer := Status("false")
	if replace {
		answer = "true"
	}
	if err := s.send("status", appendStatus(nil, answer)); err != nil {
		return err
	}
	if !replace {
		return &RefusedError{Peer: s.peer.Name, Status: StatusAlive}
	}
	return nil
}

// takeChallenge receives the challenge, checks who sent it, and returns its number.
func (s *session) takeChallenge() (uint32, error) {
	msg, err := s.receive("challenge")
	if err != nil {
		return 0, err
	}
	c, err := parseChallenge(msg)
	if err != nil {
		return 0, err
	}
	if c.name != s.peer.Name {
		return 0, fmt.Errorf("%q answered for %q: %w", c.name, s.peer.Name, ErrNameMismatch)
	}
	s.peer.Creation = c.creation
	return c.challenge, s.agree(c.flags)
}

// prove answers the challenge and checks the peer's answer to ours.
func (s *session) prove(theirs uint32) error {
	ours, err := s.challenge()
	if err != nil {
		return err
	}
	if err := s.send("challenge reply", appendReply(nil, ours, digest(s.local.Cookie, theirs))); err != nil {
		return err
	}
	msg, err := s.receive("challenge ack")
	if err != nil {
		if errors.Is(err, ErrBadHandshake) || errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		return fmt.Errorf("%q: %w", s.peer.Name, ErrClosedAfterReply)
	}
	got, err := parseAck(msg)
	if err != nil {
		return err
	}
	if !sameDigest(got, digest(s.local.Cookie, ours)) {
		return fmt.Errorf("%q: %w", s.peer.Name, ErrCookie)
	}
	return nil
}
