package node

import (
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

// PostOver is Post over one link, the one that a NodeEvent told of, and over no later
// one to the same node: what was meant for a link that has ended meanwhile is not
// taken for the beginning of something on the next. It fails with ErrNoConnection
// then. link is 0 for processes of this node. Other errors are those of Post.
func (p *Process) PostOver(link uint64, to, msg etf.Term) error {
	if err := p.node.postVia(p.node.byLink(link), p.pid, to, msg); err != nil {
		return fmt.Errorf("post to %s: %w", etf.String(to), err)
	}
	return nil
}

// MonitorOver is PostMonitor over one link, as PostOver is Post.
func (p *Process) MonitorOver(link uint64, what etf.Term) (etf.Ref, error) {
	return p.monitorVia(p.node.byLink(link), what)
}

// byLink is the way to a node by the link with a number only.
func (n *Node) byLink(number uint64) func(where etf.Atom) (*link, error) {
	return func(where etf.Atom) (*link, error) {
		l, err := n.present(where)
		if err == nil && l.order != number {
			return nil, fmt.Errorf("%s: %w", where, ErrNoConnection)
		}
		return l, err
	}
}
