package node

import (
	"errors"

	"github.com/fjord-media/fjord/node/dist"
)

// serve announces an admitted link and begins to serve it; over is called at its
// end. An error says that it ended before.
func (n *Node) serve(l *link, peer dist.Peer) error {
	if err := l.begin(peer); err != nil {
		_ = l.conn.Close() // closed before it began
		n.reg.remove(l)
		return err
	}
	n.reg.setState(l, linkUp)
	n.events.enqueue(n.telling.Context(), item{event: NodeEvent{Node: l.name, Up: true, Dialled: l.dialled, Hidden: l.hidden(), Link: l.order}})
	close(l.ready)
	l.pumpOnDemand()
	if !l.dist.Start(n.group, func(reason error) { n.over(l, reason) }) {
		l.dist.Close(ErrLeaving)
		n.over(l, ErrLeaving)
	}
	return nil
}

// over cleans up after a link; when it returns nothing of it is left.
func (n *Node) over(l *link, reason error) {
	defer n.reg.remove(l)
	reason = linkError(reason)
	if n.group.Context().Err() != nil && !errors.Is(reason, ErrReplaced) {
		reason = ErrLeaving
	}
	n.reg.setState(l, linkEnding)
	l.out.close()
	n.loseLink(l)
	n.events.enqueue(n.telling.Context(), item{event: NodeEvent{Node: l.name, Hidden: l.hidden(), Reason: reason, Link: l.order}})
	n.log.Debug("link ended", "node", l.name, "reason", ReasonOf(reason), "error", reason)
}
