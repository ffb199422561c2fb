package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node/dist"
)

// checkNameless checks the options of a node that asks for its name.
func (o Options) checkNameless() error {
	from, err := ParseName(o.NameFrom)
	if err == nil {
		err = from.checkDial(o.LongNames)
	}
	if err != nil {
		return err
	}
	own := Name{Alive: "x", Host: o.Name}
	if _, err := ParseName(own.String()); err != nil {
		return fmt.Errorf("a node that asks for its name has a host only: %q: %w", o.Name, ErrBadName)
	}
	return own.checkOwn(o.LongNames)
}

// startNameless dials the node that names this one, and opens the node with
// what it says. The connection is the first link.
func (n *Node) startNameless(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.opts.SetupTime)
	defer cancel()
	from, err := ParseName(n.opts.NameFrom)
	if err != nil {
		return err
	}
	n.epmd = &epmd.Client{Port: uint16(n.opts.EPMDPort), Logger: n.log}
	conn, err := n.reach(ctx, from)
	if err != nil {
		return err
	}
	host := n.opts.Name
	local := dist.Local{Name: host, Flags: dist.HiddenFlags | dist.NameMe, Cookie: n.opts.Cookie, Wide: n.tls != nil}
	peer, err := dist.Initiate(ctx, conn, local, from.String(), nil)
	if err != nil {
		_ = conn.Close() // the handshake failed
		return handshakeError(from.String(), err)
	}
	if n.name, err = ParseName(peer.OurName); err != nil || n.name.Host != host {
		_ = conn.Close() // it is of no use
		return fmt.Errorf("%s named this node %q: %w", from, peer.OurName, dist.ErrBadHandshake)
	}
	n.opts.Name, n.opts.Hidden = peer.OurName, true
	l := n.newLink(from.String(), conn)
	if err := n.open(peer.OurCreation); err != nil {
		_ = conn.Close() // the node does not start
		return err
	}
	return n.firstLink(ctx, l, peer)
}

// firstLink serves the link to the node that named this one.
func (n *Node) firstLink(ctx context.Context, l *link, peer dist.Peer) error {
	l.dialled, l.order = true, n.reg.nextOrder()
	if err := n.reg.admit(ctx, l); err != nil {
		_ = l.conn.Close() // nobody serves it
		return err
	}
	if n.serve(l, peer) != nil {
		return fmt.Errorf("%s: %w", l.name, ErrNoConnection)
	}
	return nil
}
