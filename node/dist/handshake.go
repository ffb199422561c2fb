package dist

import (
	"context"
	"crypto/md5" // the protocol's digest, not ours to choose
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// Local is what we are in a handshake.
type Local struct {
	Name     string // full node name, or the host part alone when Flags has NameMe
	Creation uint32
	Flags    Flags // what we offer; usually DefaultFlags or HiddenFlags
	Cookie   string
	// Wide: messages have 4 bytes of length instead of 2, as Erlang's
	// distribution over TLS (inet_tls_dist) has them from the first on.
	Wide bool
}

// Peer is what a finished handshake tells about the other side.
type Peer struct {
	Name     string
	Creation uint32
	Flags    Flags // effective: ours and theirs
	Offered  Flags // as the peer sent them

	// OurName and OurCreation are set when we asked for a name (NameMe) and
	// the peer invented one.
	OurName     string
	OurCreation uint32
}

// Status is the acceptor's verdict.
type Status string

// The statuses of the handshake.
const (
	StatusOK             Status = "ok"
	StatusOKSimultaneous Status = "ok_simultaneous"
	StatusNOK            Status = "nok"
	StatusNotAllowed     Status = "not_allowed"
	StatusAlive          Status = "alive"
)

// Arbiter decides about an incoming connection.
type Arbiter interface {
	// Arbitrate is called once, when the peer's name and flags are known.
	Arbitrate(name string, offered Flags) Status
	// Authenticated is called after the peer's digest is verified and before
	// the ack is sent: after StatusAlive the old link is ended here. An error
	// ends the handshake.
	Authenticated(ctx context.Context, peer Peer) error
}

// Namer is implemented by an Arbiter that invents names for peers that come
// without one (flag NameMe). Without it such peers are not allowed.
type Namer interface {
	// NewName invents a node name on host and its creation; false refuses.
	NewName(host string, offered Flags) (name string, creation uint32, ok bool)
}

// setupTime bounds a handshake whose context has no deadline (net_setuptime).
const setupTime = 7 * time.Second

// session is one handshake.
type session struct {
	conn      net.Conn
	local     Local
	peer      Peer
	challenge func() (uint32, error) // fresh for each connection
}

func newSession(conn net.Conn, local Local) *session {
	return &session{conn: conn, local: local, challenge: randomChallenge}
}

// run calls step under ctx: its deadline and its end reach the connection.
func (s *session) run(ctx context.Context, step func(context.Context) error) (Peer, error) {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if err := s.conn.SetDeadline(deadline); err != nil {
		return Peer{}, fmt.Errorf("set deadline: %w", err)
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		_ = s.conn.SetDeadline(time.Unix(1, 0)) // wakes reads and writes; a failure means it is closed
	})
	err := step(ctx)
	if !stop() {
		<-fired
	}
	switch {
	case ctx.Err() != nil:
		return Peer{}, fmt.Errorf("handshake: %w", context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded): // a moment before ctx
		return Peer{}, fmt.Errorf("%w: %w", err, context.DeadlineExceeded)
	}
	if err != nil {
		return Peer{}, err
	}
	if err := s.conn.SetDeadline(time.Time{}); err != nil {
		return Peer{}, fmt.Errorf("clear deadline: %w", err)
	}
	return s.peer, nil
}

func withDefaultTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, setupTime)
}

// offer is the flags we send.
func (s *session) offer() Flags { return s.local.Flags.Expand() }

// agree checks the peer's flags and computes the effective ones.
func (s *session) agree(offered Flags) error {
	s.peer.Offered = offered
	if missing := offered.Missing(); missing != 0 {
		return &MissingFlagsError{Peer: s.peer.Name, Flags: missing}
	}
	s.peer.Flags = s.offer() & offered.Expand() &^ NameMe // no capability, a wish
	return nil
}

// receive reads one message; what says which for errors. It takes not one
// byte more, so that the next phase finds its own.
func (s *session) receive(what string) ([]byte, error) {
	n, err := s.receiveLength()
	if err != nil {
		return nil, fmt.Errorf("receive %s: %w", what, err)
	}
	if n == 0 || n > maxHandshakeMessage {
		return nil, fmt.Errorf("receive %s of %d bytes: %w", what, n, ErrBadHandshake)
	}
	msg := make([]byte, n)
	if _, err := io.ReadFull(s.conn, msg); err != nil {
		return nil, fmt.Errorf("receive %s: %w", what, err)
	}
	return msg, nil
}

// receiveLength reads the length before a message.
func (s *session) receiveLength() (uint32, error) {
	var head [4]byte
	if s.local.Wide {
		_, err := io.ReadFull(s.conn, head[:])
		return binary.BigEndian.Uint32(head[:]), err
	}
	_, err := io.ReadFull(s.conn, head[:2])
	n := binary.BigEndian.Uint16(head[:])
	if err == nil && n == tlsGreeting {
		err = ErrTLS
	}
	return uint32(n), err
}

// tlsGreeting is what a TLS record of type handshake begins with: type 22,
// major version 3.
const tlsGreeting = 22<<8 | 3

// LooksLikeHandshake says whether a stream that begins with b (at least 3
// bytes) is that of a node that dials without TLS: a send_name.
func LooksLikeHandshake(b []byte) bool {
	return len(b) >= 3 && binary.BigEndian.Uint16(b) <= maxHandshakeMessage && (b[2] == tagName || b[2] == tagOldName)
}

// send writes one message, in one segment.
func (s *session) send(what string, msg []byte) error {
	frame := make([]byte, 0, 4+len(msg))
	if s.local.Wide {
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(msg)))
	} else {
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(msg)))
	}
	if _, err := s.conn.Write(append(frame, msg...)); err != nil {
		return fmt.Errorf("send %s: %w", what, err)
	}
	return nil
}

func randomChallenge() (uint32, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("draw challenge: %w", err)
	}
	return binary.BigEndian.Uint32(b[:]), nil
}

// digest proves knowledge of the cookie to the side that sent challenge.
func digest(cookie string, challenge uint32) [16]byte {
	return md5.Sum(strconv.AppendUint([]byte(cookie), uint64(challenge), 10))
}

// sameDigest takes the same time whatever differs.
func sameDigest(a, b [16]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
