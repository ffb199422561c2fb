package httpapi

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// writeTimeout is how long one write to a client may take.
const writeTimeout = 10 * time.Second

// socketConn is the connection under a websocket. It notes when the client
// was last heard of, and keeps our own frames apart from the control frames
// that the websocket library writes: each Write is whole frames.
type socketConn struct {
	net.Conn
	begun time.Time
	heard atomic.Int64 // nanoseconds after begun; the computer's clock may jump, this one does not

	mu sync.Mutex // held while writing
}

// Read notes the time.
func (c *socketConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(int64(time.Since(c.begun)))
	}
	return n, err
}

// Write does not mix with other writes and does not wait for ever.
func (c *socketConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// silence is how long nothing was heard.
func (c *socketConn) silence() time.Duration {
	return time.Since(c.begun) - time.Duration(c.heard.Load())
}

// hijacker gives the websocket library a socketConn.
type hijacker struct {
	http.ResponseWriter
	conn *socketConn
}

// controlBuffer holds any control frame: larger frames do not go through it.
const controlBuffer = 256

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if err := rw.Writer.Flush(); err != nil { // the 101
		return nil, nil, err
	}
	h.conn = &socketConn{Conn: conn, begun: time.Now()}
	return h.conn, bufio.NewReadWriter(rw.Reader, bufio.NewWriterSize(h.conn, controlBuffer)), nil
}
