package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

// Bounds of answers, in bytes: of a look-up or registration (both text fields
// may be 65535 bytes long) and of a list of names.
const (
	maxReply = 2 + entryFixed + 2*0xffff
	maxNames = 16 << 20
)

// localShare is the part of the time that one loopback address may use up
// before the other is tried.
const localShare = 2

// ask connects to the first host that accepts and sends r. The connection has
// the context's deadline, and is closed when the context is cancelled before.
func (c *Client) ask(ctx context.Context, all []netip.Addr, r Request) (net.Conn, error) {
	conn, err := c.dial(ctx, all)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if _, err := conn.Write(AppendRequest(nil, r)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &bound{Conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() }), ctx: ctx}, nil
}

// bound is a connection that ends with a context.
type bound struct {
	net.Conn
	ctx  context.Context
	stop func() bool
}

// Read reads, and reports the context's end as such.
func (b *bound) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && b.ctx.Err() != nil {
		err = b.ctx.Err()
	}
	return n, err
}

// Close unties the connection from the context and closes it.
func (b *bound) Close() error {
	b.stop()
	return b.Conn.Close()
}

// free unties the connection from the context and its deadline. It reports
// false when the context ended first.
func (b *bound) free() (net.Conn, bool) {
	return b.Conn, b.stop() && b.SetDeadline(time.Time{}) == nil
}

func (c *Client) dial(ctx context.Context, all []netip.Addr) (net.Conn, error) {
	var first error
	for i, host := range all {
		conn, err := c.dialOne(ctx, host, len(all)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil || errors.Is(classify(err), ErrRefused) {
			first = err
		}
	}
	return nil, first
}

func (c *Client) dialOne(ctx context.Context, host netip.Addr, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		part, cancel := context.WithTimeout(ctx, time.Until(deadline)/localShare)
		defer cancel()
		ctx = part
	}
	dial := c.Dialer
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return dial(ctx, "tcp", netip.AddrPortFrom(host, c.port()).String())
}

// hosts is host, or the addresses of this host when host is the zero value.
func hosts(host netip.Addr) []netip.Addr {
	if host.IsValid() {
		return []netip.Addr{host}
	}
	v4v6 := loopbacks()
	return []netip.Addr{v4v6[1], v4v6[0]}
}

// receive reads from conn until decode has a complete answer.
func receive[T any](conn net.Conn, decode func([]byte) (T, error)) (T, error) {
	var zero T
	buf := make([]byte, 0, 128)
	for {
		value, err := decode(buf)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return value, err
		}
		if len(buf) >= maxReply {
			return zero, fmt.Errorf("%w: longer than %d bytes", ErrProtocol, maxReply)
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil && n == 0 {
			return zero, err
		}
	}
}
