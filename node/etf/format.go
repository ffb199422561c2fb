package etf

import (
	"fmt"
	"math/big"
	"strconv"
)

// Style is a way to print terms.
type Style uint8

// The styles. All print on one line, without any limit on its length.
const (
	// Pretty is io:format("~0tp"): lists and binaries that look like Latin-1
	// text are printed as strings.
	Pretty Style = iota
	// Unicode is Pretty on a node started with "+pc unicode": text of any
	// script is printed as strings.
	Unicode
	// Plain is io:format("~tw"): no strings.
	Plain
)

// formatDepth bounds nesting when printing; what is deeper is "...".
const formatDepth = encodeDepth

// String prints t in the style Pretty, as the Erlang shell would.
func String(t Term) string { return Format(t, Pretty) }

// Format prints t in Erlang syntax. Maps are printed in the order of their
// keys. A pid is <0.ID.Serial>: the first number, which a BEAM node chooses
// for itself, is always 0. Values that are no terms are printed as #Go<type>.
func Format(t Term, s Style) string { return string(AppendFormat(nil, t, s)) }

// AppendFormat is Format that appends to b.
func AppendFormat(b []byte, t Term, s Style) []byte {
	p := printer{style: s, depth: formatDepth}
	return p.term(b, t)
}

// String prints the pid as Erlang does, see Format.
func (p Pid) String() string { return String(p) }

// String prints the port as Erlang does.
func (p Port) String() string { return String(p) }

// String prints the reference as Erlang does.
func (r Ref) String() string { return String(r) }

// printer is the state of printing one term.
type printer struct {
	style Style
	depth int
}

// term appends a term: the table from types to printers.
func (p *printer) term(b []byte, t Term) []byte {
	switch v := plain(t).(type) {
	case Atom:
		return appendAtom(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case *big.Int:
		if v == nil {
			break
		}
		return v.Append(b, 10)
	case float64:
		return appendErlangFloat(b, v)
	case []byte:
		return p.binary(b, v)
	case BitString:
		return appendBits(b, v)
	case Tuple:
		return p.elements(append(b, '{'), v, '}')
	case List:
		return p.list(b, v)
	case ImproperList:
		return p.improper(b, v)
	case Map:
		return p.mapping(b, v)
	case Record:
		return p.record(b, v)
	default:
		return appendIdentifier(b, v)
	}
	return fmt.Appendf(b, "#Go<%T>", t)
}

// appendIdentifier appends what has no contents to print.
func appendIdentifier(b []byte, t Term) []byte {
	switch v := t.(type) {
	case Pid:
		return fmt.Appendf(b, "<0.%d.%d>", v.ID, v.Serial)
	case Port:
		return fmt.Appendf(b, "#Port<0.%d>", v.ID)
	case Ref:
		b = append(b, "#Ref<0"...)
		for i := min(int(v.Len), maxRefWords) - 1; i >= 0; i-- {
			b = strconv.AppendUint(append(b, '.'), uint64(v.Words[i]), 10)
		}
		return append(b, '>')
	case Export:
		b = appendAtom(append(b, "fun "...), v.Module)
		b = appendAtom(append(b, ':'), v.Function)
		return strconv.AppendUint(append(b, '/'), uint64(v.Arity), 10)
	case Fun:
		b = appendAtom(append(b, "#Fun<"...), v.Module)
		return fmt.Appendf(b, ".%d.%d>", v.OldIndex, v.OldUniq)
	case Opaque:
		return fmt.Appendf(b, "#Local<%d>", len(v))
	}
	return fmt.Appendf(b, "#Go<%T>", t)
}

// down goes one level down; false at the limit.
func (p *printer) down() bool {
	if p.depth == 0 {
		return false
	}
	p.depth--
	return true
}

// elements appends terms with commas and the closing bracket.
func (p *printer) elements(b []byte, terms []Term, end byte) []byte {
	if !p.down() {
		return append(append(b, "..."...), end)
	}
	for i, t := range terms {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.term(b, t)
	}
	p.depth++
	return append(b, end)
}

func (p *printer) list(b []byte, v List) []byte {
	if len(v) > 0 && p.style != Plain {
		if out, ok := p.charlist(b, v); ok {
			return out
		}
	}
	return p.elements(append(b, '['), v, ']')
}

func (p *printer) improper(b []byte, v ImproperList) []byte {
	b = p.elements(append(b, '['), v.Head, '|')
	if !p.down() {
		return append(b, "...]"...)
	}
	b = p.term(b, v.Tail)
	p.depth++
	return append(b, ']')
}

func (p *printer) mapping(b []byte, v Map) []byte {
	b = append(b, "#{"...)
	if !p.down() {
		return append(b, "...}"...)
	}
	for i, e := range sortedMap(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(p.term(b, e.Key), " => "...)
		b = p.term(b, e.Value)
	}
	p.depth++
	return append(b, '}')
}

func (p *printer) record(b []byte, v Record) []byte {
	b = appendAtom(append(b, '#'), v.Module)
	b = append(appendAtom(append(b, ':'), v.Name), '{')
	if !p.down() {
		return append(b, "...}"...)
	}
	for i := range min(len(v.Fields), len(v.Values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendAtom(b, v.Fields[i]), " = "...)
		b = p.term(b, v.Values[i])
	}
	p.depth++
	return append(b, '}')
}
