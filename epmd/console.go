package epmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// console writes the log of a program in the foreground, one line per record:
// "epmd: Mon Jan  2 15:04:05 2006: message key=value".
type console struct {
	mu    *sync.Mutex
	out   io.Writer
	least slog.Level
	attrs []slog.Attr
}

// newConsole logs warnings; with debug, everything.
func newConsole(out io.Writer, debug int) *console {
	least := slog.LevelWarn
	if debug > 0 {
		least = slog.LevelDebug
	}
	return &console{mu: &sync.Mutex{}, out: out, least: least}
}

// Enabled implements slog.Handler.
func (c *console) Enabled(_ context.Context, level slog.Level) bool { return level >= c.least }

// Handle implements slog.Handler.
func (c *console) Handle(_ context.Context, r slog.Record) error {
	var line strings.Builder
	fmt.Fprintf(&line, "epmd: %s: %s", r.Time.Format(time.ANSIC), r.Message)
	add := func(a slog.Attr) bool {
		fmt.Fprintf(&line, " %s=%v", a.Key, a.Value)
		return true
	}
	for _, a := range c.attrs {
		add(a)
	}
	r.Attrs(add)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := io.WriteString(c.out, line.String()+"\r\n")
	return err
}

// WithAttrs implements slog.Handler.
func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *c
	more.attrs = append(more.attrs[:len(more.attrs):len(more.attrs)], attrs...)
	return &more
}

// WithGroup implements slog.Handler; groups are not shown.
func (c *console) WithGroup(string) slog.Handler { return c }
