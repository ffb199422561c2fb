package etf

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word reads an atom, with or without quotes, or fun M:F/A.
func (p *parser) word() (Term, error) {
	start := p.off
	a, err := p.atom()
	if err != nil {
		return nil, err
	}
	if a == "fun" && p.s[start] != '\'' {
		return p.export()
	}
	if reserved(string(a)) && p.s[start] != '\'' {
		return nil, p.fail(start, "%s is a reserved word; as an atom it is '%s'", a, a)
	}
	return a, nil
}

// atom reads an atom; words are not checked for being reserved.
func (p *parser) atom() (Atom, error) {
	start := p.off
	c, _ := utf8.DecodeRuneInString(p.s[p.off:])
	var text string
	switch {
	case c == '\'':
		chars, err := p.quoted('\'')
		if err != nil {
			return "", err
		}
		text = string(chars)
	case lower(c):
		text = p.name()
	case c == '_' || unicode.IsUpper(c):
		return "", p.fail(start, "%s is a variable; as an atom it is '%s'", p.name(), p.s[start:p.off])
	default:
		return "", p.unexpected("a term")
	}
	if !Atom(text).Valid() {
		return "", p.fail(start, "atom has %d characters, 255 are allowed", utf8.RuneCountInString(text))
	}
	return Atom(text), nil
}

// name reads the characters of an atom without quotes.
func (p *parser) name() string {
	rest := p.s[p.off:]
	n := strings.IndexFunc(rest, func(c rune) bool { return !nameChar(c) })
	if n < 0 {
		n = len(rest)
	}
	p.off += n
	return rest[:n]
}

// export reads Module:Function/Arity after "fun".
func (p *parser) export() (Term, error) {
	p.space()
	module, err := p.atom()
	if err != nil {
		return nil, err
	}
	if !p.accept(":") {
		return nil, p.unexpected(`":"`)
	}
	p.space()
	function, err := p.atom()
	if err != nil {
		return nil, err
	}
	if !p.accept("/") {
		return nil, p.unexpected(`"/"`)
	}
	p.space()
	start := p.off
	arity, err := strconv.ParseUint(p.digits(10), 10, 8)
	if err != nil {
		return nil, p.fail(start, "arity must be 0 to 255")
	}
	return Export{Module: module, Function: function, Arity: uint8(arity)}, nil
}

// stringLiteral reads "…", and more of them that follow directly.
func (p *parser) stringLiteral() (Term, error) {
	var l List
	for p.peek() == '"' {
		chars, err := p.quoted('"')
		if err != nil {
			return nil, err
		}
		for _, c := range chars {
			l = append(l, int64(c))
		}
	}
	return l, nil
}

// quoted reads characters between quotes.
func (p *parser) quoted(quote rune) ([]rune, error) {
	start := p.off
	p.off++
	var chars []rune
	for {
		c, n := utf8.DecodeRuneInString(p.s[p.off:])
		switch {
		case n == 0:
			return nil, p.fail(start, "%c is never closed", quote)
		case c == utf8.RuneError && n == 1:
			return nil, p.unexpected("a character")
		}
		p.off += n
		if c == quote {
			return chars, nil
		}
		if c == '\\' {
			var err error
			if c, err = p.escape(); err != nil {
				return nil, err
			}
		}
		chars = append(chars, c)
	}
}

// escape reads what follows a backslash.
func (p *parser) escape() (rune, error) {
	c, n := utf8.DecodeRuneInString(p.s[p.off:])
	if n == 0 || c == utf8.RuneError && n == 1 {
		return 0, p.unexpected("a character")
	}
	start := p.off - 1
	p.off += n
	switch {
	case c == 'x':
		return p.hexEscape(start)
	case '0' <= c && c <= '7':
		value := c - '0'
		for i := 0; i < 2 && p.off < len(p.s) && '0' <= p.s[p.off] && p.s[p.off] <= '7'; i++ {
			value = value<<3 | rune(p.s[p.off]-'0')
			p.off++
		}
		return value, nil
	case c == '^':
		if p.off >= len(p.s) || p.s[p.off] < '@' || p.s[p.off] > 'z' {
			return 0, p.unexpected("a letter after \\^")
		}
		p.off++
		return rune(p.s[p.off-1] & 0x1f), nil
	}
	if i := strings.IndexRune("ntvbrfeds", c); i >= 0 {
		return rune("\n\t\v\b\r\f\x1b\x7f "[i]), nil
	}
	return c, nil
}

// hexEscape reads \xHH or \x{H…}.
func (p *parser) hexEscape(start int) (rune, error) {
	rest := p.s[p.off:]
	digits := rest[:min(2, len(rest))]
	skip := len(digits)
	if strings.HasPrefix(rest, "{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return 0, p.fail(start, "\\x{ is never closed")
		}
		digits, skip = rest[1:end], end+1
	}
	value, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || value > utf8.MaxRune || !utf8.ValidRune(rune(value)) {
		return 0, p.fail(start, "\\x%s is no character", rest[:min(skip, 12)])
	}
	p.off += skip
	return rune(value), nil
}
