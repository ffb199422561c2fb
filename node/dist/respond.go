package dist

import (
	"context"
	"fmt"
	"net"
)

// Respond runs the handshake as the accepting side. A context without a
// deadline gets 7 s. On an error the caller closes conn.
//
// Errors: *RefusedError with ByUs set (the arbiter's verdict, or the peer does
// not want to replace its old link), *MissingFlagsError, the arbiter's error,
// and what errors.Is finds as ErrCookie, ErrBadHandshake or the context's error.
func Respond(ctx context.Context, conn net.Conn, local Local, arbiter Arbiter) (Peer, error) {
	s := newSession(conn, local)
	return s.run(ctx, func(ctx context.Context) error { return s.respond(ctx, arbiter) })
}

func (s *session) respond(ctx context.Context, arbiter Arbiter) error {
	h, err := s.takeName()
	if err != nil {
		return err
	}
	if err := s.giveStatus(h, arbiter); err != nil {
		return err
	}
	ours, err := s.giveChallenge()
	if err != nil {
		return err
	}
	if h.old {
		if err := s.takeComplement(h.flags); err != nil {
			return err
		}
	}
	theirs, err := s.verify(ours)
	if err != nil {
		return err
	}
	if err := arbiter.Authenticated(ctx, s.peer); err != nil {
		return fmt.Errorf("%q: %w", s.peer.Name, err)
	}
	return s.send("challenge ack", appendAck(nil, digest(s.local.Cookie, theirs)))
}

func (s *session) takeName() (hello, error) {
	msg, err := s.receive("name")
	if err != nil {
		return hello{}, err
	}
	h, err := parseHello(msg)
	s.peer.Name, s.peer.Creation = h.name, h.creation
	return h, err
}

// giveStatus checks flags and name, asks the arbiter and sends the status.
func (s *session) giveStatus(h hello, arbiter Arbiter) error {
	if err := s.agree(h.flags); err != nil {
		return s.refuse(StatusNotAllowed, err)
	}
	if h.flags.Has(NameMe) {
		return s.giveName(h, arbiter)
	}
	if !validNodeName(h.name) {
		return s.refuse(StatusNotAllowed, fmt.Errorf("node name %q: %w", h.name, ErrBadHandshake))
	}
	status := arbiter.Arbitrate(h.name, h.flags)
	switch status {
	case StatusOK, StatusOKSimultaneous:
		return s.send("status", appendStatus(nil, status))
	case StatusAlive:
		return s.askAlive()
	case StatusNOK, StatusNotAllowed:
	default:
		status = StatusNotAllowed
	}
	return s.refuse(status, &RefusedError{Peer: h.name, Status: status, ByUs: true})
}

// refuse sends a status and returns why; the reason counts, not whether the
// status arrived.
func (s *session) refuse(status Status, why error) error {
	_ = s.send("status", appendStatus(nil, status))
	return why
}

// giveName serves a peer that has a host but no name.
func (s *session) giveName(h hello, arbiter Arbiter) error {
	refused := &RefusedError{Peer: h.name, Status: StatusNotAllowed, ByUs: true}
	namer, ok := arbiter.(Namer)
	if !ok || !validNamePart(h.name) {
		return s.refuse(StatusNotAllowed, refused)
	}
	name, creation, ok := namer.NewName(h.name, h.flags)
	if !ok || !validNodeName(name) {
		return s.refuse(StatusNotAllowed, refused)
	}
	s.peer.Name, s.peer.Creation = name, creation
	return s.send("status", appendNamed(nil, name, creation))
}

// askAlive lets the peer choose whether it replaces the link we still have.
func (s *session) askAlive() error {
	if err := s.send("status", appendStatus(nil, StatusAlive)); err != nil {
		return err
	}
	msg, err := s.receive("answer to alive")
	if err != nil {
		return err
	}
	switch answer, err := parseStatus(msg); {
	case err != nil:
		return err
	case answer == "true":
		return nil
	case answer == "false":
		return &RefusedError{Peer: s.peer.Name, Status: StatusAlive, ByUs: true}
	}
	return fmt.Errorf("answer to alive: %w", ErrBadHandshake)
}

func (s *session) giveChallenge() (uint32, error) {
	ours, err := s.challenge()
	if err != nil {
		return 0, err
	}
	c := challenge{flags: s.offer(), challenge: ours, creation: s.local.Creation, name: s.local.Name}
	if s.peer.Offered.Has(NameMe) {
		c.flags |= NameMe // else the peer forgets that it has got a name
	}
	return ours, s.send("challenge", c.append(nil))
}

// takeComplement receives what a send_name of version 5 could not carry.
func (s *session) takeComplement(low Flags) error {
	msg, err := s.receive("complement")
	if err != nil {
		return err
	}
	high, creation, err := parseComplement(msg)
	if err != nil {
		return err
	}
	s.peer.Creation = creation
	return s.agree(low | high)
}

// verify checks the peer's digest and returns its challenge.
func (s *session) verify(ours uint32) (uint32, error) {
	msg, err := s.receive("challenge reply")
	if err != nil {
		return 0, err
	}
	theirs, got, err := parseReply(msg)
	if err != nil {
		return 0, err
	}
	if !sameDigest(got, digest(s.local.Cookie, ours)) {
		return 0, fmt.Errorf("%q: %w", s.peer.Name, ErrCookie)
	}
	return theirs, nil
}
