package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/fjord-media/fjord/node/dist"
)

// The accept loop rests for acceptPause after an error, such as running out of
// file descriptors, and logs each acceptLogEvery-th in a row.
const (
	acceptPause    = 100 * time.Millisecond
	acceptLogEvery = 100
)

// acceptLoop accepts until the listener is closed. Each connection gets a
// goroutine of its own; nothing a peer does delays the next one.
func (n *Node) acceptLoop(ctx context.Context, listener net.Listener) error {
	for failures := 0; ; {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			failures = 0
			n.receive(conn)
		case errors.Is(err, net.ErrClosed) || ctx.Err() != nil:
			return nil
		default:
			if failures++; failures%acceptLogEvery == 1 {
				n.log.Error("accepting connections fails", "address", listener.Addr().String(), "error", err)
			}
			pause(ctx, acceptPause)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// receive starts the handshake of an accepted connection.
func (n *Node) receive(conn net.Conn) {
	guest := n.lobby.enter(conn)
	ok := n.group.Go("handshake", func(ctx context.Context) error {
		l, peer, err := n.respond(ctx, guest)
		n.lobby.leave(guest)
		if err != nil {
			_ = conn.Close() // the handshake failed, which is logged
			return nil
		}
		return n.serve(l, peer)
	})
	if !ok {
		n.lobby.leave(guest)
		_ = conn.Close() // the node is stopping
	}
}

// respond runs the handshake as the accepting side.
func (n *Node) respond(ctx context.Context, guest *guest) (*link, dist.Peer, error) {
	ctx, cancel := context.WithTimeout(ctx, n.opts.SetupTime)
	defer cancel()
	a := &arbiter{node: n, guest: guest, order: n.reg.nextOrder()}
	peer, err := n.greet(ctx, a)
	if err == nil {
		return a.link, peer, nil
	}
	if a.link != nil {
		n.reg.remove(a.link)
	}
	a.release()
	level := slog.LevelWarn
	if a.name == "" && !telling(err) || everyday(err) {
		level = slog.LevelDebug
	}
	n.log.Log(ctx, level, "incoming connection failed", "node", a.name,
		"address", guest.conn.RemoteAddr().String(), "reason", ReasonOf(err), "error", err)
	return nil, peer, err
}

// greet runs the handshakes, that of TLS first.
func (n *Node) greet(ctx context.Context, a *arbiter) (dist.Peer, error) {
	conn, err := n.tls.accept(ctx, a.guest.conn)
	if err != nil {
		return dist.Peer{}, err
	}
	a.conn = conn
	peer, err := dist.Respond(ctx, conn, n.local(), a)
	if err != nil {
		return peer, handshakeError(a.name, err)
	}
	return peer, nil
}

// telling says that a peer without a name was a node all the same, one whose
// operator looks for the reason.
func telling(err error) bool {
	return errors.Is(err, ErrCertificate) || errors.Is(err, ErrCertificateRefused) || errors.Is(err, ErrTLSMismatch)
}

// everyday says that a failed handshake is nothing to look after: simultaneous
// connects, peers that gave up, the end of this node. (So are the port scanners,
// which send no name.)
func everyday(err error) bool {
	for _, kind := range []error{ErrNameRefused, ErrClosedByPeer, ErrLeaving, errLost} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// arbiter decides about one incoming connection.
type arbiter struct {
	node    *Node
	guest   *guest
	conn    net.Conn // of the handshake: the guest's, or TLS on top of it
	order   uint64
	name    string
	told    dist.Status
	counted bool  // as incoming in the registry
	link    *link // admitted
}

// Arbitrate gives the status for the peer's name.
func (a *arbiter) Arbitrate(name string, _ dist.Flags) dist.Status {
	a.name = name
	if a.node.opts.Allow != nil && !a.node.opts.Allow(name, a.guest.addr) {
		a.told = dist.StatusNotAllowed
		return a.told
	}
	a.told = a.node.reg.arbitrate(name)
	a.counted = a.told != dist.StatusNOK && a.told != dist.StatusNotAllowed
	return a.told
}

// Authenticated admits the connection, which ends the link it replaces.
func (a *arbiter) Authenticated(ctx context.Context, peer dist.Peer) error {
	a.node.lobby.leave(a.guest)
	l := a.node.newLink(peer.Name, a.conn)
	l.told, l.order = a.told, a.order
	if err := a.node.reg.admit(ctx, l); err != nil {
		return err
	}
	a.link = l
	a.release()
	return nil
}

// release ends the handshake's count as incoming.
func (a *arbiter) release() {
	if a.counted {
		a.counted = false
		a.node.reg.release(a.name)
	}
}
