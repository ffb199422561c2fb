package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fjord-media/fjord/node/dist"
)

// incomingWait is how long an attempt of ours waits for a handshake that the
// peer has begun, before it goes on by itself.
const incomingWait = time.Second

// attempt is one try to dial a node, shared by all that want the link.
type attempt struct {
	name   Name
	cancel context.CancelCauseFunc
	named  bool          // the peer may know our name from it; guarded by registry.mu
	done   chan struct{} // closed when the rest is set
	made   bool          // it made the link
	err    error         // nil: there is a link
}

// join returns the attempt to dial name: one that runs already, or a new one
// (mine). Both are nil and false when there is a link.
func (r *registry) join(ctx context.Context, name Name) (a *attempt, dial context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return nil, nil, ErrLeaving
	}
	s := r.slot(name.String())
	switch {
	case s.up() != nil:
		return nil, nil, nil
	case s.attempt != nil:
		return s.attempt, nil, nil
	}
	dial, cancel := context.WithCancelCause(ctx)
	s.attempt = &attempt{name: name, cancel: cancel, done: make(chan struct{})}
	return s.attempt, dial, nil
}

// finish ends an attempt.
func (r *registry) finish(a *attempt, made bool, err error) {
	a.cancel(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	name := a.name.String()
	if s := r.slots[name]; s != nil && s.attempt == a {
		s.attempt = nil
		r.touch(name)
	}
	a.made, a.err = made, err
	close(a.done)
}

// announce marks that the peer is about to learn our name. It says no when a
// link is there or the peer's handshake runs; then the attempt waits.
func (r *registry) announce(a *attempt, force bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slot(a.name.String())
	if s.link != nil && s.link.state != linkEnding || s.incoming > 0 && !force {
		return false
	}
	a.named = true
	return true
}

// Connect makes a link to name unless there is one. dialled is true when this
// call made the link, so that of several callers one logs it. Concurrent calls
// share one attempt, which Options.SetupTime bounds and which goes on when ctx
// ends; without a link, ctx without a deadline gets that bound too.
//
// Errors: ErrBadName, ErrSelf, ErrNameKind, ErrHostUnresolvable, ErrEPMDRefused,
// ErrEPMDTimeout, ErrNotRegistered, ErrDialRefused, ErrDialTimeout,
// ErrCookieMismatch, ErrNameRefused, ErrFlagsMissing, ErrWrongNode,
// ErrClosedByPeer, ErrLeaving, those of TLS (ErrTLSMismatch, ErrCertificate,
// ErrCertificateRefused, ErrTLS), and ctx's.
func (n *Node) Connect(ctx context.Context, name string) (dialled bool, err error) {
	if n.reg.up(name) != nil {
		return false, nil
	}
	dialled, err = n.connect(ctx, name)
	if err != nil {
		return false, fmt.Errorf("connect to %s: %w", name, err)
	}
	return dialled, nil
}

func (n *Node) connect(ctx context.Context, name string) (bool, error) {
	parsed, err := ParseName(name)
	if err != nil {
		return false, err
	}
	if name == n.name.String() {
		return false, ErrSelf
	}
	if err := parsed.checkDial(n.opts.LongNames); err != nil {
		return false, err
	}
	a, dial, err := n.reg.join(n.group.Context(), parsed)
	if err != nil || a == nil {
		return false, err
	}
	mine := dial != nil
	if mine && !n.group.Go("dial "+name, func(context.Context) error { n.runAttempt(dial, a); return nil }) {
		n.reg.finish(a, false, ErrLeaving)
	}
	select {
	case <-a.done:
		return mine && a.made, a.err
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// runAttempt dials, and takes a link that the peer made meanwhile as success.
func (n *Node) runAttempt(ctx context.Context, a *attempt) {
	limit, stop := context.WithTimeout(n.group.Context(), n.opts.SetupTime)
	defer stop()
	deadline, _ := limit.Deadline()
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	made, err := n.attempt(ctx, a)
	if err != nil && n.peerMadeIt(limit, a, err) {
		made, err = false, nil
	}
	if err != nil && n.group.Context().Err() != nil {
		err = ErrLeaving
	}
	n.reg.finish(a, made, err)
}

// attempt is the way from a name to a link.
func (n *Node) attempt(ctx context.Context, a *attempt) (made bool, err error) {
	order := n.reg.nextOrder()
	if up, err := n.yield(ctx, a); up || err != nil {
		return false, err
	}
	conn, err := n.reach(ctx, a.name)
	if err != nil {
		return false, err
	}
	ok := false
	defer func() {
		if !ok {
			_ = conn.Close() // the attempt failed
		}
	}()
	for force := false; !n.reg.announce(a, force); force = true {
		if up, err := n.yield(ctx, a); up || err != nil {
			return false, err
		}
	}
	l := n.newLink(a.name.String(), conn)
	l.dialled, l.order = true, order
	peer, err := dist.Initiate(ctx, conn, n.local(), l.name, func() bool { return n.reg.vacant(l.name) })
	if err != nil {
		return false, handshakeError(l.name, err)
	}
	if err := n.reg.admit(ctx, l); err != nil {
		return false, err
	}
	ok = true // the link's from here on
	if n.serve(l, peer) != nil {
		return false, ErrNoConnection
	}
	return true, nil
}

// yield lets a handshake of the peer's finish first. It says whether a link
// came of it.
func (n *Node) yield(ctx context.Context, a *attempt) (up bool, err error) {
	wait, cancel := context.WithTimeout(ctx, incomingWait)
	defer cancel()
	_ = n.reg.await(wait, a.name.String(), func(s *slot) bool {
		up = s.up() != nil
		return up || s.incoming == 0 && s.link == nil
	})
	if up {
		return true, nil
	}
	return false, context.Cause(ctx)
}

// peerMadeIt waits, after an attempt failed, for a link that the peer makes:
// it said nok because it dials too, or its handshake is under way.
func (n *Node) peerMadeIt(ctx context.Context, a *attempt, err error) (up bool) {
	var refused *NameRefusedError
	expect := errors.As(err, &refused) && refused.Status == dist.StatusNOK
	_ = n.reg.await(ctx, a.name.String(), func(s *slot) bool {
		up = s.up() != nil
		pending := s.incoming > 0 || s.link != nil
		return up || !pending && !expect
	})
	return up
}

// vacant says whether there is no link to name: then a peer that believes in
// one shall replace it.
func (r *registry) vacant(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.slots[name]
	return s == nil || s.link == nil || s.link.state == linkEnding
}
