package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// DefaultTimeout bounds a request whose context has no earlier deadline.
const DefaultTimeout = 5 * time.Second

// Bounds of answers, in bytes: of a look-up or registration (both text fields
// may be 65535 bytes long) and of a list of names.
const (
	maxReply = 2 + entryFixed + 2*0xffff
	maxNames = 16 << 20
)

// localShare is the part of the time that one loopback address may use up
// before the other is tried.
const localShare = 2

// Client asks EPMDs. The zero value asks on port 4369. It has no state: one
// may be used from many goroutines, and copied.
type Client struct {
	// Port is the EPMD port of all hosts; 0 means 4369. See PortFromEnv.
	Port uint16
	// Timeout bounds each request, in addition to its context; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// Dialer opens connections; nil means net.Dialer.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives what happens to registrations; nil means nowhere.
	Logger *slog.Logger
}

// PortFromEnv is the value of ERL_EPMD_PORT, or 4369 when that is not set.
func PortFromEnv(getenv func(string) string) (uint16, error) {
	text := getenv("ERL_EPMD_PORT")
	if text == "" {
		return DefaultPort, nil
	}
	port, err := parsePort(text)
	if err != nil {
		return 0, fmt.Errorf("ERL_EPMD_PORT: %w", err)
	}
	return port, nil
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%q is not a port (1 to 65535)", text)
	}
	return uint16(port), nil
}

// Lookup asks the EPMD of host for a name, which is the part of a node name
// before the @. Its errors wrap ErrNotRegistered, ErrRefused, ErrTimeout,
// ErrNoAnswer, ErrProtocol or ErrBadName, or come from the network.
func (c *Client) Lookup(ctx context.Context, host netip.Addr, name string) (Entry, error) {
	entry, err := c.lookup(ctx, host, name)
	if err != nil {
		return Entry{}, fmt.Errorf("look up %s at EPMD of %s: %w", name, host, err)
	}
	return entry, nil
}

func (c *Client) lookup(ctx context.Context, host netip.Addr, name string) (Entry, error) {
	if !validName(name) {
		return Entry{}, ErrBadName
	}
	ctx, cancel := c.limit(ctx)
	defer cancel()
	conn, err := c.ask(ctx, []netip.Addr{host}, Request{Kind: KindPort, Name: name})
	if err != nil {
		return Entry{}, classify(err)
	}
	defer conn.Close()
	entry, err := receive(conn, decodePortReply)
	if err != nil {
		return Entry{}, classify(err)
	}
	if entry.Name != name {
		return Entry{}, fmt.Errorf("%w: it is about %q", ErrProtocol, entry.Name)
	}
	return entry, nil
}

// Names lists what the EPMD of host has registered, the newest first, and the
// port that EPMD says it listens on. The zero host means this host, over ::1
// or else 127.0.0.1.
func (c *Client) Names(ctx context.Context, host netip.Addr) (uint16, []NameEntry, error) {
	b, err := c.text(ctx, host, Request{Kind: KindNames})
	if err != nil {
		return 0, nil, fmt.Errorf("list names at EPMD of %s: %w", hostText(host), err)
	}
	port, entries, err := decodeNames(b)
	if err != nil {
		return 0, nil, fmt.Errorf("list names at EPMD of %s: %w", hostText(host), classify(err))
	}
	return port, entries, nil
}

// text makes a request and reads the answer until the server closes.
func (c *Client) text(ctx context.Context, host netip.Addr, r Request) ([]byte, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	conn, err := c.ask(ctx, hosts(host), r)
	if err != nil {
		return nil, classify(err)
	}
	defer conn.Close()
	b, err := io.ReadAll(io.LimitReader(conn, maxNames))
	return b, classify(err)
}

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
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
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

func (c *Client) port() uint16 {
	if c.Port == 0 {
		return DefaultPort
	}
	return c.Port
}

func (c *Client) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout > 0 {
		return context.WithTimeout(ctx, c.Timeout)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// hosts is host, or the addresses of this host when host is the zero value.
func hosts(host netip.Addr) []netip.Addr {
	if host.IsValid() {
		return []netip.Addr{host}
	}
	v4v6 := loopbacks()
	return []netip.Addr{v4v6[1], v4v6[0]}
}

func hostText(host netip.Addr) string {
	if host.IsValid() {
		return host.String()
	}
	return "this host"
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
