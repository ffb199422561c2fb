package config

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// Problem is one mistake in the configuration.
type Problem struct {
	Variable string // as the user wrote it: FJ_PORT, JF_PORT or --port
	Message  string // the sentence Fishjam uses, where it has one; may have several lines
	Fix      string // what to do
}

// String is the problem on one line.
func (p Problem) String() string {
	return oneLine(p.Variable + ": " + p.Message + " Fix: " + p.Fix)
}

// Problems are all mistakes of a configuration; never empty when returned.
type Problems []Problem

// Error gives one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Note is something to log at start that is no mistake: a deprecated name, a
// value replaced by the default, a resolved host name.
type Note struct {
	Level    slog.Level
	Variable string
	Message  string // may have several lines
}

// oneLine keeps a message on its line and its control characters visible.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r == '\n':
			b.WriteByte(' ')
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
