//go:build unix

package dist

import (
	"net"
	"syscall"

	"github.com/fjord-media/fjord/internal/rawio"
)

// direct writes to a socket as much as that takes without waiting.
type direct struct {
	raw  syscall.RawConn
	try  func(fd uintptr) bool // d.once, made once
	data []byte
	n    int
}

// newDirect is nil when conn is more than a socket, as with TLS.
func newDirect(conn net.Conn) *direct {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil // closed already; the reader will tell
	}
	d := &direct{raw: raw}
	d.try = d.once
	return d
}

// write tells how much was written: less than all when the socket's buffer is
// full, and after an error, which an ordinary write will tell again.
func (d *direct) write(b []byte) int {
	d.data, d.n = b, 0
	_ = d.raw.Write(d.try) // see above
	d.data = nil
	return d.n
}

// once makes one system call. It is never to be repeated.
func (d *direct) once(fd uintptr) bool {
	d.n, _ = rawio.Write(fd, d.data) // see write
	return true
}
