package node

import (
	"net"
)

// OnLoopback says whether only this machine can reach the distribution port.
func (n *Node) OnLoopback() bool {
	for _, l := range n.listeners {
		if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			return false
		}
	}
	return true
}
