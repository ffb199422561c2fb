package etf

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDigits bounds the digits of one number.
const maxDigits = 1 << 17

// number reads an integer, a character or a float, perhaps with a sign.
func (p *parser) number() (Term, error) {
	start := p.off
	negative := p.s[p.off] == '-'
	if negative || p.s[p.off] == '+' {
		p.off++
		p.space()
	}
	if p.off < len(p.s) && p.s[p.off] == '$' {
		c, err := p.char()
		if negative {
			c = -c
		}
		return int64(c), err
	}
	digits := p.digits(10)
	if digits == "" {
		return nil, p.unexpected("a number")
	}
	if p.off+1 < len(p.s) && p.s[p.off] == '.' && '0' <= p.s[p.off+1] && p.s[p.off+1] <= '9' {
		return p.fraction(start, digits, negative)
	}
	base := 10
	if p.off < len(p.s) && p.s[p.off] == '#' {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 2 || n > 36 {
			return nil, p.fail(start, "base must be 2 to 36")
		}
		p.off++
		base = n
		if digits = p.digits(base); digits == "" {
			return nil, p.unexpected("a digit of base " + strconv.Itoa(base))
		}
	}
	return p.wholeNumber(start, digits, base, negative)
}

// wholeNumber converts digits.
func (p *parser) wholeNumber(start int, digits string, base int, negative bool) (Term, error) {
	if len(digits) > maxDigits {
		return nil, p.fail(start, "number of more than %d digits", maxDigits)
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, p.fail(start, "%.20s is no number", digits)
	}
	if negative {
		n.Neg(n)
	}
	return plain(n), nil
}

// fraction reads the rest of a float after its whole digits.
func (p *parser) fraction(start int, whole string, negative bool) (Term, error) {
	p.off++ // .
	text := whole + "." + p.digits(10)
	if p.off < len(p.s) && (p.s[p.off] == 'e' || p.s[p.off] == 'E') {
		p.off++
		sign := ""
		if p.off < len(p.s) && (p.s[p.off] == '-' || p.s[p.off] == '+') {
			sign = p.s[p.off : p.off+1]
			p.off++
		}
		exponent := p.digits(10)
		if exponent == "" {
			return nil, p.unexpected("a digit")
		}
		text += "e" + sign + exponent
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.fail(start, "%.40s is too large for a float", text)
	}
	if negative {
		f = -f
	}
	return f, nil
}

// digits reads digits of a base; single underscores between them are dropped.
func (p *parser) digits(base int) string {
	start := p.off
	for p.off < len(p.s) {
		if p.s[p.off] == '_' {
			if p.off == start || p.off+1 == len(p.s) || digitValue(p.s[p.off+1]) >= base {
				break
			}
		} else if digitValue(p.s[p.off]) >= base {
			break
		}
		p.off++
	}
	return strings.ReplaceAll(p.s[start:p.off], "_", "")
}

// digitValue is the value of a digit, 99 for what is none.
func digitValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'Z':
		return int(c-'A') + 10
	}
	return 99
}

// char reads $c.
func (p *parser) char() (rune, error) {
	p.off++ // $
	c, n := utf8.DecodeRuneInString(p.s[p.off:])
	if n == 0 || c == utf8.RuneError && n == 1 {
		return 0, p.unexpected("a character")
	}
	p.off += n
	if c == '\\' {
		return p.escape()
	}
	return c, nil
}
