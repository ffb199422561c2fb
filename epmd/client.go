package epmd

import (
	"context"
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

func hostText(host netip.Addr) string {
	if host.IsValid() {
		return host.String()
	}
	return "this host"
}
