package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/turn"
)

const (
	maxStreams    = 4096
	streamQueue   = 256 << 10        // bytes that wait to be written
	writeLimit    = 10 * time.Second // per write
	helloLimit    = 15 * time.Second // until an allocation exists
	silenceLimit  = 5 * time.Minute  // afterwards
	acceptPenalty = 50 * time.Millisecond
)

// Bounds of TLS handshakes: strangers may begin any number.
const (
	maxGreetings  = 128
	greetingLimit = 7 * time.Second
)

// stream is one client's TCP connection for TURN.
type stream struct {
	socket *Socket
	under  *net.TCPConn
	conn   net.Conn // under, or TLS on it
	flow   turn.Flow
	wake   chan struct{}

	mu      sync.Mutex
	pending []byte
	closed  bool
}

// accept serves a listener; one that only guards its port hangs up.
func (s *Socket) accept(ctx context.Context, l *net.TCPListener) error {
	for {
		conn, err := l.AcceptTCP()
		switch {
		case err == nil && (l == s.tcp || l == s.secure) && s.serve(conn, l == s.secure):
		case err == nil:
			_ = conn.Close()
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default: // out of descriptors: wait for some
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(acceptPenalty):
			}
		}
	}
}

func (s *Socket) serve(conn *net.TCPConn, secure bool) bool {
	from := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.streams) >= maxStreams {
		return false
	}
	c := &stream{socket: s, under: conn, conn: conn, wake: make(chan struct{}, 1)}
	begin := c.read
	if secure {
		select {
		case s.greeting <- struct{}{}:
		default:
			return false // too many handshakes
		}
		c.conn, begin = tls.Server(conn, s.options.TLS), c.greet
	}
	s.nextConn++
	c.flow = turn.Flow{Addr: netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), Conn: s.nextConn}
	s.streams[c] = struct{}{}
	if s.tasks.Go("turn read", begin) && s.tasks.Go("turn write", c.drain) {
		return true
	}
	delete(s.streams, c)
	return false
}

// greet shakes hands before anything is read.
func (c *stream) greet(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, c.socket.options.greetingLimit)
	err := c.conn.(*tls.Conn).HandshakeContext(limited)
	cancel()
	<-c.socket.greeting
	if err != nil {
		c.close()
		return nil // a stranger's fault
	}
	return c.read(ctx)
}

func (c *stream) close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	c.mu.Unlock()
	_ = c.under.Close() // a farewell in TLS could wait for the client
	select {
	case c.wake <- struct{}{}:
	default:
	}
	c.socket.turn.Gone(c.flow)
	c.socket.mu.Lock()
	delete(c.socket.streams, c)
	c.socket.mu.Unlock()
}

// read takes messages off the stream (RFC 8656 §12.5: channel data is padded
// to four bytes).
func (c *stream) read(context.Context) error {
	defer c.close()
	in := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		limit := helloLimit
		if c.socket.turn.Find(c.flow) != nil {
			limit = silenceLimit
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(limit))
		p := c.socket.pool.Get()
		if err := readMessage(in, p); err != nil {
			p.Release()
			return nil
		}
		p.Arrival = c.socket.Now()
		c.socket.sort(p, c.flow, via{stream: c})
	}
}

var errFraming = errors.New("neither STUN nor channel data")

func readMessage(in io.Reader, p *rtp.Packet) error {
	b := p.Buffer()
	if _, err := io.ReadFull(in, b[:4]); err != nil {
		return err
	}
	size, padding := int(binary.BigEndian.Uint16(b[2:])), 0
	switch {
	case b[0] < 4: // STUN
		size += 20
	case b[0] >= 0x40 && b[0] <= 0x4f:
		size += 4
		padding = -size & 3
	default:
		return errFraming
	}
	if size+padding > len(b) {
		return errFraming
	}
	if _, err := io.ReadFull(in, b[4:size+padding]); err != nil {
		return err
	}
	p.SetSize(size)
	return nil
}

// write queues a message; one that finds the queue full is lost.
func (c *stream) write(b []byte) {
	c.mu.Lock()
	if c.closed || len(c.pending)+len(b)+3 > streamQueue {
		c.mu.Unlock()
		return
	}
	c.pending = append(c.pending, b...)
	if turn.IsChannelData(b) {
		var zeros [4]byte
		c.pending = append(c.pending, zeros[:-len(b)&3]...)
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *stream) drain(ctx context.Context) error {
	defer c.close()
	var out []byte
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		}
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil
		}
		out, c.pending = c.pending, out[:0]
		c.mu.Unlock()
		if len(out) == 0 {
			continue
		}
		_ = c.conn.SetWriteDeadline(time.Now().Add(writeLimit))
		if _, err := c.conn.Write(out); err != nil {
			return nil
		}
	}
}
