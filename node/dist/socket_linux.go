package dist

import (
	"net"
	"syscall"
)

// Of the bytes a socket takes, those not yet sent cannot be overtaken by a
// control message. TCP_NOTSENT_LOWAT bounds them without narrowing the window.
const (
	tcpNotSentLowat = 25 // linux/tcp.h; package syscall does not have it
	maxUnsent       = 256 << 10
)

// limitUnsent bounds what conn's socket takes ahead of what it has sent.
func limitUnsent(conn net.Conn) {
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = inner.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // closed already; the reader will tell
	}
	_ = raw.Control(func(fd uintptr) {
		// Without it the link works, only a little less promptly.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
