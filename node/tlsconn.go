package node

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// maxTLSHandshake bounds what a peer may send in its TLS handshake: a chain of
// certificates has some thousand bytes. crypto/tls keeps up to 256 KiB of a
// certificate message otherwise; so bounded, a peer that has proved nothing
// costs some 45 KiB, most of it two buffers of one record each (see
// TestStrangerCostsLittle).
const maxTLSHandshake = 16 << 10

// alertTime bounds how long the end of a link waits to say so: a peer that does
// not read must not delay the end of the others.
const alertTime = 100 * time.Millisecond

var errHandshakeTooLong = errors.New("the TLS handshake is too long")

// bareConn is the connection under TLS.
type bareConn struct {
	net.Conn
	left    int // bytes of the handshake that may still come; -1: it is over
	closing atomic.Bool
}

// done ends the bound on what may be read. No read may be under way.
func (c *bareConn) done() { c.left = -1 }

// Read reads at most what the handshake may have.
func (c *bareConn) Read(b []byte) (int, error) {
	if c.left < 0 {
		return c.Conn.Read(b)
	}
	if c.left == 0 {
		return 0, errHandshakeTooLong
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// SetWriteDeadline allows the alert at the end less time than crypto/tls does.
func (c *bareConn) SetWriteDeadline(t time.Time) error {
	if soon := time.Now().Add(alertTime); c.closing.Load() && t.After(soon) {
		t = soon
	}
	return c.Conn.SetWriteDeadline(t)
}

// secureConn is a TLS connection that ends promptly.
type secureConn struct {
	*tls.Conn
	bare *bareConn
}

// Close says goodbye unless that takes long.
func (c *secureConn) Close() error {
	c.bare.closing.Store(true)
	return c.Conn.Close()
}

// NetConn is the connection under TLS, for its socket's options.
func (c *secureConn) NetConn() net.Conn { return c.bare.Conn }
