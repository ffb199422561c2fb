package node

import (
	"context"
	"errors"

	"github.com/fjord-media/fjord/node/dist"
)

// serve runs an admitted link from its announcement to its end, and returns
// when nothing of it is left.
func (n *Node) serve(ctx context.Context, l *link, peer dist.Peer) error {
	defer n.reg.remove(l)
	if err := l.begin(peer); err != nil {
		_ = l.conn.Close() // closed before it began
		return err
	}
	n.reg.setState(l, linkUp)
	n.events.enqueue(n.telling.Context(), item{event: NodeEvent{Node: l.name, Up: true, Dialled: l.dialled, Hidden: l.hidden()}})
	close(l.ready)
	l.pumpOnDemand()
	reason := linkError(l.dist.Run(ctx))
	if ctx.Err() != nil && !errors.Is(reason, ErrReplaced) {
		reason = ErrLeaving
	}
	n.reg.setState(l, linkEnding)
	l.out.close()
	n.loseLink(l)
	n.events.enqueue(n.telling.Context(), item{event: NodeEvent{Node: l.name, Hidden: l.hidden(), Reason: reason}})
	n.log.Debug("link ended", "node", l.name, "reason", ReasonOf(reason), "error", reason)
	return nil
}
