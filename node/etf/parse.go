package etf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseError tells where text is no term.
type ParseError struct {
	Offset       int // byte, from 0
	Line, Column int // from 1; columns are characters
	Problem      string
}

// Error gives position and problem.
func (e *ParseError) Error() string {
	return fmt.Sprintf("parse term: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Parse reads one term in Erlang syntax: atoms, integers (also 16#ff, $a,
// 1_000), floats, strings, binaries and bit strings, tuples, lists, maps and
// fun M:F/A. White space and % comments may stand anywhere, and a full stop at
// the end. It reads back what Format prints, except for pids, ports,
// references and local funs, which have no syntax. Nesting is limited to
// DefaultDepth. Errors are *ParseError.
func Parse(s string) (Term, error) {
	p := newParser(s)
	t, err := p.term()
	if err != nil {
		return nil, err
	}
	return t, p.end()
}

// ParseList reads terms with commas between them, none at all for blank text:
// the arguments of a call.
func ParseList(s string) (List, error) {
	p := newParser(s)
	p.space()
	var l List
	if p.off < len(s) {
		terms, err := p.sequence()
		if err != nil {
			return nil, err
		}
		l = terms
	}
	return l, p.end()
}

// maxBits bounds the bits of all sized segments of one text together, because
// <<0:1000000000>> is short to write.
const maxBits = 64 << 20

// parser is the state of reading text.
type parser struct {
	s     string
	off   int
	depth int
	bits  int // bits that sized segments may still make
}

func newParser(s string) *parser {
	return &parser{s: s, depth: DefaultDepth, bits: maxBits + 8*len(s)}
}

// fail makes an error for the byte at offset.
func (p *parser) fail(offset int, format string, args ...any) error {
	before := p.s[:min(offset, len(p.s))]
	line := strings.Count(before, "\n") + 1
	last := before[strings.LastIndexByte(before, '\n')+1:]
	return &ParseError{
		Offset:  offset,
		Line:    line,
		Column:  utf8.RuneCountInString(last) + 1,
		Problem: fmt.Sprintf(format, args...),
	}
}

// unexpected is the error for whatever stands here.
func (p *parser) unexpected(wanted string) error {
	if p.off >= len(p.s) {
		return p.fail(p.off, "text ends where %s is expected", wanted)
	}
	c, n := utf8.DecodeRuneInString(p.s[p.off:])
	if c == utf8.RuneError && n == 1 {
		return p.fail(p.off, "byte %#x is no UTF-8", p.s[p.off])
	}
	return p.fail(p.off, "%q where %s is expected", c, wanted)
}

// space skips white space and comments.
func (p *parser) space() {
	for p.off < len(p.s) {
		switch c := p.s[p.off]; {
		case c == '%':
			if i := strings.IndexByte(p.s[p.off:], '\n'); i >= 0 {
				p.off += i
			} else {
				p.off = len(p.s)
			}
		case c <= ' ':
			p.off++
		case strings.HasPrefix(p.s[p.off:], "\u00a0"):
			p.off += len("\u00a0")
		default:
			return
		}
	}
}

// peek gives the byte after white space, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.off < len(p.s) {
		return p.s[p.off]
	}
	return 0
}

// accept skips token if it comes next.
func (p *parser) accept(token string) bool {
	p.space()
	if strings.HasPrefix(p.s[p.off:], token) {
		p.off += len(token)
		return true
	}
	return false
}

// end wants nothing more, or a full stop and then nothing more.
func (p *parser) end() error {
	p.accept(".")
	p.space()
	if p.off < len(p.s) {
		return p.unexpected("the end")
	}
	return nil
}

// term reads a term: the table from first characters to readers.
func (p *parser) term() (Term, error) {
	if p.depth == 0 {
		return nil, p.fail(p.off, "nested more than %d deep", DefaultDepth)
	}
	p.depth--
	defer func() { p.depth++ }()
	switch c := p.peek(); {
	case '0' <= c && c <= '9' || c == '$' || c == '-' || c == '+':
		return p.number()
	case c == '"':
		return p.stringLiteral()
	case c == '[':
		return p.list()
	case c == '{':
		p.off++
		elements, err := p.closed("}")
		return Tuple(elements), err
	case c == '#':
		return p.mapping()
	case c == '<':
		return p.binary()
	default:
		return p.word()
	}
}

// sequence reads terms with commas between them, at least one.
func (p *parser) sequence() ([]Term, error) {
	var terms []Term
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		if !p.accept(",") {
			return terms, nil
		}
	}
}

// closed reads terms up to the closing bracket.
func (p *parser) closed(end string) ([]Term, error) {
	if p.accept(end) {
		return []Term{}, nil
	}
	terms, err := p.sequence()
	if err != nil {
		return nil, err
	}
	if !p.accept(end) {
		return nil, p.unexpected(`"," or "` + end + `"`)
	}
	return terms, nil
}

// list reads [A, B] and [A, B | Tail].
func (p *parser) list() (Term, error) {
	p.off++ // [
	if p.accept("]") {
		return List(nil), nil
	}
	head, err := p.sequence()
	if err != nil {
		return nil, err
	}
	var t Term = List(head)
	if p.accept("|") {
		tail, err := p.term()
		if err != nil {
			return nil, err
		}
		t = flatten(ImproperList{Head: head, Tail: tail})
	}
	if !p.accept("]") {
		return nil, p.unexpected(`"," or "|" or "]"`)
	}
	return t, nil
}

// mapping reads #{K => V}. Of equal keys the last one counts, as in Erlang.
func (p *parser) mapping() (Term, error) {
	if !p.accept("#{") {
		p.off++
		return nil, p.unexpected(`"{"`)
	}
	if p.accept("}") {
		return Map{}, nil
	}
	var m Map
	for {
		key, err := p.term()
		if err != nil {
			return nil, err
		}
		if !p.accept("=>") {
			return nil, p.unexpected(`"=>"`)
		}
		value, err := p.term()
		if err != nil {
			return nil, err
		}
		m = append(m, MapEntry{Key: key, Value: value})
		if p.accept("}") {
			return m.lastWins(), nil
		}
		if !p.accept(",") {
			return nil, p.unexpected(`"," or "}"`)
		}
	}
}
