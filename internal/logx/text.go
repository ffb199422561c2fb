package logx

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"
)

// continuation begins the second and further lines of a message.
const continuation = "    "

// renderText is Fishjam's line: time, metadata, [level], message.
func renderText(entry zapcore.Entry, metadata []pair) []byte {
	b := make([]byte, 0, 128)
	b = entry.Time.AppendFormat(b, "15:04:05.000")
	for _, p := range metadata {
		b = append(b, ' ')
		b = append(b, clean(p.key)...)
		b = append(b, '=')
		b = append(b, word(fmt.Sprint(p.value))...)
	}
	b = append(b, " ["...)
	b = append(b, severity(entry.Level)...)
	b = append(b, "] "...)
	b = append(b, message(entry.Message)...)
	return append(b, '\n')
}

// word quotes a value that would not stand as one word.
func word(s string) string {
	bad := func(r rune) bool {
		return r <= ' ' || r == '"' || r == '=' || r == utf8.RuneError || !unicode.IsPrint(r)
	}
	if s == "" || strings.ContainsFunc(s, bad) {
		return strconv.Quote(s)
	}
	return s
}

// message keeps the lines of a message together and control characters visible.
func message(s string) string {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
	for i, line := range lines {
		lines[i] = clean(line)
	}
	return strings.Join(lines, "\n"+continuation)
}

// clean escapes what is not text.
func clean(s string) string {
	bad := func(r rune) bool { return r == utf8.RuneError || r != '\t' && unicode.IsControl(r) }
	if !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1, bad(r) && r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r != utf8.RuneError && bad(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}
