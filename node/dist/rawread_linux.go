//go:build !race

package dist

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/internal/rawio"
)

// rawReader reads from a socket by way of rawio.
type rawReader struct {
	conn *net.TCPConn
	raw  syscall.RawConn
	try  func(fd uintptr) bool // r.once, made once
	buf  []byte
	n    int
	err  error

	again bool // there was nothing before, and the read waited
	told  time.Time
}

// tellEvery is how often the scheduler is told of a read that had to wait, so
// that its monitor wakes up after all: it interrupts goroutines that calculate
// for long.
const tellEvery = 10 * time.Millisecond

// readerOf reads from conn in the way that costs least.
func readerOf(conn net.Conn) io.Reader {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn // closed already; reading will tell
	}
	r := &rawReader{conn: tcp, raw: raw}
	r.try = r.once
	return r
}

// Read reads as net.Conn does, with its errors.
func (r *rawReader) Read(b []byte) (int, error) {
	r.buf = b
	err := r.raw.Read(r.try)
	n := r.n
	switch {
	case err != nil: // closed, or a deadline
		n = 0
	case r.err != nil:
		err = &net.OpError{
			Op: "read", Net: "tcp", Source: r.conn.LocalAddr(), Addr: r.conn.RemoteAddr(),
			Err: os.NewSyscallError("read", r.err),
		}
	case n == 0 && len(b) > 0:
		err = io.EOF
	}
	r.buf, r.n, r.err, r.again = nil, 0, nil, false
	return n, err
}

// once reads what is there; false: there is nothing yet.
func (r *rawReader) once(fd uintptr) bool {
	read := rawio.Read
	if r.again && time.Since(r.told) > tellEvery {
		read, r.told = rawio.ReadTold, time.Now()
	}
	r.n, r.err = read(fd, r.buf)
	r.again = r.err == syscall.EAGAIN
	return !r.again
}
