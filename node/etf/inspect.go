package etf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// InspectAtom prints an atom as Elixir's inspect does (Elixir 1.14):
//
//	f1@localhost   →  :f1@localhost
//	f1@127.0.0.1   →  :"f1@127.0.0.1"
//	nil            →  nil
//	Elixir.Foo.Bar →  Foo.Bar
//
// Exact for ASCII. Of the rest, letters of one script stand without quotes;
// Elixir's finer points (normal forms, rarely used letters) are not followed.
func InspectAtom(a Atom) string {
	s := string(a)
	switch {
	case s == "nil" || s == "true" || s == "false" || s == "Elixir":
		return s
	case isIdentifier(s) || isOperator(s):
		return ":" + s
	}
	if path, ok := strings.CutPrefix(s, "Elixir."); ok && isAliasPath(path) {
		if path == "Elixir" || strings.HasPrefix(path, "Elixir.") {
			return s
		}
		return path
	}
	b := []byte(`:"`)
	for i, c := range s {
		if c == '#' && strings.HasPrefix(s[i:], "#{") {
			b = append(b, '\\')
		}
		b = appendElixirChar(b, c)
	}
	return string(append(b, '"'))
}

// isAliasPath tells whether s is Name.Name….
func isAliasPath(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || part[0] < 'A' || part[0] > 'Z' {
			return false
		}
		for i := range len(part) {
			if c := part[i]; !asciiAlnum(c) && c != '_' {
				return false
			}
		}
	}
	return true
}

func asciiAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isIdentifier tells whether s is a letter or _, then letters, digits, _ and
// @, then perhaps ? or !.
func isIdentifier(s string) bool {
	if s == "" {
		return false
	}
	if last := s[len(s)-1]; len(s) > 1 && (last == '?' || last == '!') {
		s = s[:len(s)-1]
	}
	var script *unicode.RangeTable
	for i, c := range s {
		switch {
		case c < utf8.RuneSelf:
			start := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			if !start && (i == 0 || c != '@' && (c < '0' || c > '9')) {
				return false
			}
			if unicode.IsLetter(c) && !sameScript(&script, c) {
				return false
			}
		case c == '·' && i > 0:
		case !plainLetter(c) || !sameScript(&script, c):
			return false
		}
	}
	return true
}

// plainLetter excludes letters that are compatibility forms of others.
func plainLetter(c rune) bool {
	if c == 'ª' || c == 'º' || 0xf900 <= c && c <= 0xffff {
		return false
	}
	return unicode.In(c, unicode.Ll, unicode.Lu, unicode.Lo)
}

// sameScript notes the script of the first letter and compares the others'.
func sameScript(script **unicode.RangeTable, c rune) bool {
	for _, t := range []*unicode.RangeTable{
		unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Hangul, unicode.Arabic, unicode.Hebrew, unicode.Thai, unicode.Armenian, unicode.Georgian,
	} {
		if unicode.Is(t, c) {
			if *script == nil {
				*script = t
			}
			return *script == t
		}
	}
	return false
}

// isOperator tells whether s is an operator of Elixir that stands without
// quotes after the colon.
func isOperator(s string) bool {
	switch s {
	case "!", "%", "&", "*", "+", "-", ".", "/", "<", "=", ">", "@", "^", "|",
		"!=", "&&", "**", "++", "--", "->", "..", "<-", "<=", "<>", "<~", "==", "=~", ">=", `\\`, "{}", "|>", "||", "~>",
		"!==", "%{}", "&&&", "+++", "---", "...", "<<<", "<<~", "<~>", "===", ">>>", "|||", "~>>",
		"..//", "<<>>":
		return true
	}
	return false
}

// appendElixirChar appends a character of a quoted atom.
func appendElixirChar(b []byte, c rune) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', byte(c))
	case 0:
		return append(b, `\0`...)
	case '\a':
		return append(b, `\a`...)
	}
	if e := escapeLetter(c); e != 0 {
		return append(b, '\\', e)
	}
	switch {
	case ' ' <= c && c < 0x7f, 0xa0 <= c && c <= 0xfffd, c >= 0x10000:
		return utf8.AppendRune(b, c)
	case c <= 0xff:
		return fmt.Appendf(b, `\x%02X`, c)
	}
	return fmt.Appendf(b, `\x{%X}`, c)
}
