package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// The functions here print values as Elixir's inspect/1 does, because Fishjam's
// start-up log prints its configuration with it.

// inspectAtom prints an atom: :name, or :"quoted name".
func inspectAtom(name string) string {
	switch {
	case name == "nil" || name == "true" || name == "false":
		return name
	case plainAtom(name):
		return ":" + name
	}
	return ":" + inspectString(name)
}

// plainAtom tells atoms that need no quotes: a letter or underscore, then
// letters, digits, _ and @, at the end perhaps ? or !.
func plainAtom(name string) bool {
	for i, c := range name {
		letter := unicode.IsLetter(c) || c == '_'
		switch {
		case i == 0 && !letter:
			return false
		case letter || unicode.IsDigit(c) || c == '@':
		case (c == '?' || c == '!') && i == len(name)-1:
		default:
			return false
		}
	}
	return name != ""
}

// inspectString prints a binary that is text.
func inspectString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '#' && strings.HasPrefix(s[i:], "#{"):
			b.WriteString(`\#`)
		case escapes(c) != "":
			b.WriteString(escapes(c))
		case c < 0x100 && !unicode.IsPrint(c):
			fmt.Fprintf(&b, `\x%02X`, c)
		case unicode.IsControl(c):
			fmt.Fprintf(&b, `\x{%X}`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func escapes(c rune) string {
	switch c {
	case 0:
		return `\0`
	case '\a':
		return `\a`
	case '\b':
		return `\b`
	case 0x7f:
		return `\d`
	case 0x1b:
		return `\e`
	case '\f':
		return `\f`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\v':
		return `\v`
	}
	return ""
}

func inspectStrings(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = inspectString(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// inspectAddr prints an address as the tuple Erlang makes of it.
func inspectAddr(a netip.Addr) string {
	var parts []string
	switch {
	case !a.IsValid():
		return "nil"
	case a.Is4():
		for _, b := range a.As4() {
			parts = append(parts, strconv.Itoa(int(b)))
		}
	default:
		b := a.As16()
		for i := 0; i < len(b); i += 2 {
			parts = append(parts, strconv.Itoa(int(b[i])<<8|int(b[i+1])))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
