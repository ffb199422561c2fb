package etf

import (
	"strconv"
	"unicode/utf8"
)

// reserved tells whether an atom must be quoted because it is a reserved word
// of Erlang (those of OTP 25; "maybe" and "else" became reserved later).
func reserved(a string) bool {
	switch a {
	case "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor",
		"case", "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or",
		"orelse", "receive", "rem", "try", "when", "xor":
		return true
	}
	return false
}

// lower tells whether c can begin an atom without quotes: Latin-1 only.
func lower(c rune) bool {
	return 'a' <= c && c <= 'z' || 'ß' <= c && c <= 'ÿ' && c != '÷'
}

// nameChar tells whether c can go on in an atom without quotes.
func nameChar(c rune) bool {
	return lower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '@' ||
		'À' <= c && c <= 'Þ' && c != '×'
}

// appendAtom appends an atom, quoted where needed.
func appendAtom(b []byte, a Atom) []byte {
	bare := a != "" && !reserved(string(a))
	for i, c := range string(a) {
		if i == 0 && !lower(c) || !nameChar(c) {
			bare = false
			break
		}
	}
	if bare {
		return append(b, a...)
	}
	b = append(b, '\'')
	for _, c := range string(a) {
		b = appendChar(b, c, '\'')
	}
	return append(b, '\'')
}

// appendChar appends a character of a string or an atom in quotes.
func appendChar(b []byte, c, quote rune) []byte {
	if e := escapeLetter(c); e != 0 {
		return append(b, '\\', e)
	}
	switch {
	case c == quote || c == '\\':
		return append(b, '\\', byte(c))
	case c < ' ' || 0x80 <= c && c < 0xa0:
		return append(b, '\\', byte('0'+c>>6), byte('0'+c>>3&7), byte('0'+c&7))
	}
	return utf8.AppendRune(b, c)
}

// escapeLetter is the letter after the backslash for a control character, 0
// when there is none.
func escapeLetter(c rune) byte {
	switch c {
	case '\n':
		return 'n'
	case '\t':
		return 't'
	case '\v':
		return 'v'
	case '\b':
		return 'b'
	case '\r':
		return 'r'
	case '\f':
		return 'f'
	case 27:
		return 'e'
	case 127:
		return 'd'
	}
	return 0
}

// printable tells whether c is text in this style.
func (p *printer) printable(c rune) bool {
	switch {
	case ' ' <= c && c <= '~' || 8 <= c && c <= 13 || c == 27:
		return true
	case p.style == Unicode:
		return 0xa0 <= c && c <= 0xd7ff || 0xe000 <= c && c <= 0xfffd || 0x10000 <= c && c <= utf8.MaxRune
	}
	return 0xa0 <= c && c <= 0xff
}

// charlist appends v as a string if it is one.
func (p *printer) charlist(b []byte, v List) ([]byte, bool) {
	for _, t := range v {
		c, ok := smallInt(t)
		if !ok || c < 0 || c > utf8.MaxRune || !p.printable(rune(c)) {
			return b, false
		}
	}
	b = append(b, '"')
	for _, t := range v {
		c, _ := smallInt(t)
		b = appendChar(b, rune(c), '"')
	}
	return append(b, '"'), true
}

// binary appends v as text, in UTF-8 or Latin-1, or else byte by byte.
func (p *printer) binary(b, v []byte) []byte {
	if len(v) > 0 && p.style != Plain {
		if p.isUTF8Text(v) {
			return appendTextBinary(b, v)
		}
		if !utf8.Valid(v) && p.isLatin1Text(v) {
			b = append(b, `<<"`...)
			for _, c := range v {
				b = appendChar(b, rune(c), '"')
			}
			return append(b, `">>`...)
		}
	}
	return append(appendBytes(append(b, "<<"...), v), ">>"...)
}

// appendTextBinary appends UTF-8 text.
func appendTextBinary(b, v []byte) []byte {
	b = append(b, `<<"`...)
	for _, c := range string(v) {
		b = appendChar(b, c, '"')
	}
	if ascii(v) {
		return append(b, `">>`...)
	}
	return append(b, `"/utf8>>`...)
}

func (p *printer) isUTF8Text(v []byte) bool {
	for len(v) > 0 {
		c, n := utf8.DecodeRune(v)
		if c == utf8.RuneError && n == 1 || !p.printable(c) {
			return false
		}
		v = v[n:]
	}
	return true
}

func (p *printer) isLatin1Text(v []byte) bool {
	for _, c := range v {
		if !p.printable(rune(c)) {
			return false
		}
	}
	return true
}

// appendBytes appends decimal bytes with commas.
func appendBytes(b, v []byte) []byte {
	for i, c := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(c), 10)
	}
	return b
}

// appendBits appends a bit string: whole bytes, then the rest with its size.
func appendBits(b []byte, v BitString) []byte {
	n := len(v.Bytes)
	if n == 0 || v.Bits == 0 || v.Bits > 7 {
		return append(b, "#Go<etf.BitString>"...)
	}
	b = appendBytes(append(b, "<<"...), v.Bytes[:n-1])
	if n > 1 {
		b = append(b, ',')
	}
	b = strconv.AppendUint(b, uint64(v.Bytes[n-1]>>(8-v.Bits)), 10)
	b = strconv.AppendUint(append(b, ':'), uint64(v.Bits), 10)
	return append(b, ">>"...)
}
