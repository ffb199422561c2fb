package node

import "errors"

// ErrRemoved says that a link was closed since the peer asked for it through global's
// remove_connection. Dial again after a second or more.
var ErrRemoved = errors.New("the peer asked to close the link")

// Disconnect closes the link to one node with a reason, which its Down event
// carries; false without a link. Package global calls it when a peer asks to be
// left (remove_connection), and nothing else may: to close one link while the
// others stay makes BEAM nodes tear the rest of the cluster apart, except when
// the peer has asked for it. To leave the cluster, call Stop.
func (n *Node) Disconnect(name string, reason error) bool {
	l := n.reg.up(name)
	if l == nil {
		return false
	}
	l.close(reason)
	return true
}
