package logx

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// Func logs one line: what libraries with a logger interface of their own can
// be given with a few lines of glue.
type Func func(level slog.Level, message string, attrs ...slog.Attr)

// FuncOf makes a Func of a logger.
func FuncOf(log *slog.Logger) Func {
	return func(level slog.Level, message string, attrs ...slog.Attr) {
		log.LogAttrs(context.Background(), level, message, attrs...)
	}
}

// Writer makes one log line of each Write: for gin's recovery and for
// http.Server's ErrorLog. Colours are taken out, empty lines at the ends too.
func Writer(log *slog.Logger, level slog.Level) io.Writer {
	return writer{log: log, level: level}
}

type writer struct {
	log   *slog.Logger
	level slog.Level
}

// Write logs p. It never fails.
func (w writer) Write(p []byte) (int, error) {
	if text := strings.TrimSpace(withoutColour(string(p))); text != "" {
		w.log.Log(context.Background(), w.level, text)
	}
	return len(p), nil
}

// withoutColour drops terminal sequences: ESC [ … letter.
func withoutColour(s string) string {
	const start = "\x1b["
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, start)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
		if end < 0 {
			b.WriteString(rest)
			return b.String()
		}
		s = rest[end+1:]
	}
}
