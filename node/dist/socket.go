//go:build !linux

package dist

import "net"

// maxUnsent bounds what the socket takes ahead of what it has sent.
const maxUnsent = 512 << 10

// limitUnsent bounds what conn's socket takes ahead of what it has sent.
func limitUnsent(conn net.Conn) {
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = inner.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(maxUnsent) // without it the link works, too
	}
}
