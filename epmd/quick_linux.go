package epmd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/fjord-media/fjord/internal/rawio"
)

// deferSeconds is how long the kernel keeps a new connection to itself while
// nothing has arrived on it: accepting and reading are one step then.
const deferSeconds = 1

// quickListener answers look-ups, which are nearly all that a port mapper is
// asked, as it accepts them, without making a net.Conn: four system calls each.
// Accept returns the other connections. What is idle delays nobody: the kernel
// waits for its first bytes, and what has not all of its request is returned.
type quickListener struct {
	server *Server
	addr   net.Addr
	file   *os.File // the socket
	raw    syscall.RawConn
	closed atomic.Bool
}

// quick makes a quickListener of l if the server's options and l allow it.
func (s *Server) quick(l net.Listener) net.Listener {
	tcp, ok := l.(*net.TCPListener)
	if !ok || s.opts.DelayAccept > 0 || s.opts.DelayWrite > 0 {
		return l
	}
	file, err := tcp.File() // package net does not let others accept on its sockets
	if err != nil {
		return l
	}
	q := &quickListener{server: s, addr: l.Addr(), file: file}
	if q.prepare() != nil {
		_ = file.Close() // l goes on
		return l
	}
	_ = l.Close() // file goes on
	return q
}

// prepare sets the socket up.
func (q *quickListener) prepare() (err error) {
	if q.raw, err = q.file.SyscallConn(); err != nil {
		return err
	}
	var refused error
	err = q.raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, deferSeconds)
	})
	return errors.Join(err, refused)
}

// Addr is where it listens.
func (q *quickListener) Addr() net.Addr { return q.addr }

// Close ends Accept.
func (q *quickListener) Close() error {
	q.closed.Store(true)
	return q.file.Close()
}

// Accept answers look-ups until there is another connection.
func (q *quickListener) Accept() (net.Conn, error) {
	a := q.server.assembler()
	defer q.server.assemblers.Put(a)
	var fd int
	var failed error
	err := q.raw.Read(func(listener uintptr) bool {
		for !q.closed.Load() {
			fd, failed = acceptOn(listener)
			switch {
			case errors.Is(failed, syscall.EAGAIN):
				return false
			case failed != nil || !q.server.answerAtOnce(fd, a):
				return true
			}
		}
		failed = net.ErrClosed
		return true
	})
	switch {
	case err == nil && failed == nil:
		return begun(fd, a.buf[:a.got])
	case q.closed.Load():
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: q.addr, Err: errors.Join(err, failed)}
}

// acceptOn accepts a connection that is still there.
func acceptOn(listener uintptr) (fd int, err error) {
	for {
		fd, err = rawio.Accept(listener)
		if !errors.Is(err, syscall.EINTR) && !errors.Is(err, syscall.ECONNABORTED) {
			return fd, err
		}
	}
}

// answerAtOnce answers and closes fd if all of a look-up can be read from it now.
// If not a has what was read.
func (s *Server) answerAtOnce(fd int, a *assembler) bool {
	a.got = 0
	n, err := rawio.Read(uintptr(fd), a.space())
	if err != nil || n == 0 {
		return false // whoever reads next sees it, too
	}
	body, err := a.added(n)
	if err != nil || body == nil || Kind(body[0]) != KindPort {
		return false
	}
	r, err := DecodeRequest(body)
	if err != nil {
		return false
	}
	s.count.requests[KindPort].Add(1)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("request", "kind", KindPort, "name", r.Name)
	}
	var room [64]byte
	// A new connection takes this at once; if not, it has been reset.
	_, _ = rawio.Write(uintptr(fd), appendPortReply(room[:0], s.names.find(r.Name)))
	rawio.Close(fd)
	return true
}

// begunConn is a connection of which some bytes are read already.
type begunConn struct {
	*net.TCPConn
	early []byte
}

// begun makes a connection of fd, which it owns.
func begun(fd int, early []byte) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "epmd")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)  // it was accepted by one
	_ = tcp.SetKeepAlive(false) // as the listener has it
	return &begunConn{TCPConn: tcp, early: append([]byte(nil), early...)}, nil
}

// Read reads the early bytes first.
func (c *begunConn) Read(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.TCPConn.Read(b)
	}
	n := copy(b, c.early)
	c.early = c.early[n:]
	return n, nil
}
