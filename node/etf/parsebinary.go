package etf

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// segmentKind is the type of a binary segment.
type segmentKind uint8

const (
	kindDefault segmentKind = iota
	kindInteger
	kindFloat
	kindUTF8
	kindUTF16
	kindUTF32
)

// segment is how a value of a binary is written.
type segment struct {
	start  int // offset in the text
	size   int // bits; -1: not given
	kind   segmentKind
	little bool
}

// bitWriter collects bits.
type bitWriter struct {
	b    []byte
	used uint8 // bits used of the last byte, 0 = all
}

// binary reads <<Segment, …>>.
func (p *parser) binary() (Term, error) {
	if !p.accept("<<") {
		p.off++
		return nil, p.unexpected(`"<"`)
	}
	var w bitWriter
	if !p.accept(">>") {
		for {
			if err := p.segment(&w); err != nil {
				return nil, err
			}
			if p.accept(">>") {
				break
			}
			if !p.accept(",") {
				return nil, p.unexpected(`"," or ">>"`)
			}
		}
	}
	if w.used != 0 {
		return BitString{Bytes: w.b, Bits: w.used}, nil
	}
	if w.b == nil {
		w.b = []byte{}
	}
	return w.b, nil
}

// segment reads Value[:Size][/Types] and appends its bits.
func (p *parser) segment(w *bitWriter) error {
	p.space()
	seg := segment{start: p.off, size: -1}
	var value Term
	var err error
	switch c := p.peek(); {
	case c == '"':
		value, err = p.stringLiteral()
	case '0' <= c && c <= '9' || c == '$' || c == '-' || c == '+':
		value, err = p.number()
	default:
		err = p.unexpected("a number or a string")
	}
	if err != nil {
		return err
	}
	if err := p.segmentSize(&seg); err != nil {
		return err
	}
	if err := p.segmentTypes(&seg); err != nil {
		return err
	}
	values, ok := value.(List)
	if !ok {
		values = List{value}
	}
	for _, v := range values {
		if err := p.appendSegment(w, v, seg, ok); err != nil {
			return err
		}
	}
	return nil
}

// segmentSize reads :Size.
func (p *parser) segmentSize(seg *segment) error {
	if !p.accept(":") {
		return nil
	}
	p.space()
	start := p.off
	n, err := strconv.ParseUint(p.digits(10), 10, 32)
	if err != nil {
		return p.fail(start, "size of a segment must be a number of bits")
	}
	seg.size = int(n)
	return nil
}

// segmentTypes reads /Type-Type.
func (p *parser) segmentTypes(seg *segment) error {
	if !p.accept("/") {
		return nil
	}
	for {
		p.space()
		start := p.off
		switch name := p.name(); name {
		case "integer":
			seg.kind = kindInteger
		case "float":
			seg.kind = kindFloat
		case "utf8":
			seg.kind = kindUTF8
		case "utf16":
			seg.kind = kindUTF16
		case "utf32":
			seg.kind = kindUTF32
		case "little":
			seg.little = true
		case "big", "signed", "unsigned":
		default:
			return p.fail(start, "segment type %q is not known", name)
		}
		if !p.accept("-") {
			return nil
		}
	}
}

// appendSegment appends one value. text is true for the characters of a
// string, which without a size must fit into a byte each.
func (p *parser) appendSegment(w *bitWriter, v Term, seg segment, text bool) error {
	switch seg.kind {
	case kindUTF8, kindUTF16, kindUTF32:
		c, ok := v.(int64)
		if !ok || c < 0 || c > utf8.MaxRune || !utf8.ValidRune(rune(c)) || seg.size >= 0 {
			return p.fail(seg.start, "utf segments take characters and no size")
		}
		w.bytes(encodeChar(rune(c), seg))
		return nil
	case kindFloat:
		return p.appendFloatSegment(w, v, seg)
	}
	n, ok := toBig(v)
	if !ok {
		return p.fail(seg.start, "a float needs the type float")
	}
	if seg.size < 0 {
		if text && n.BitLen() > 8 {
			return p.fail(seg.start, "a character does not fit into a byte; write /utf8 after the string")
		}
		seg.size = 8
	}
	if seg.size > p.bits {
		return p.fail(seg.start, "segments of more than %d bits", maxBits)
	}
	p.bits -= seg.size
	w.integer(n, seg.size, seg.little)
	return nil
}

// appendFloatSegment appends an IEEE float of 64 (default) or 32 bits.
func (p *parser) appendFloatSegment(w *bitWriter, v Term, seg segment) error {
	f, ok := AsFloat(v)
	if !ok {
		return p.fail(seg.start, "integer does not fit a float")
	}
	var b []byte
	switch {
	case seg.size == 64 || seg.size < 0:
		b = binary.BigEndian.AppendUint64(nil, math.Float64bits(f))
	case seg.size == 32 && !math.IsInf(float64(float32(f)), 0):
		b = binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(f)))
	default:
		return p.fail(seg.start, "a float segment has 64 or 32 bits")
	}
	w.integer(new(big.Int).SetBytes(b), 8*len(b), seg.little)
	return nil
}

// encodeChar encodes a character as UTF-8, UTF-16 or UTF-32.
func encodeChar(c rune, seg segment) []byte {
	var order binary.AppendByteOrder = binary.BigEndian
	if seg.little {
		order = binary.LittleEndian
	}
	switch {
	case seg.kind == kindUTF8:
		return utf8.AppendRune(nil, c)
	case seg.kind == kindUTF32:
		return order.AppendUint32(nil, uint32(c))
	case c < 0x10000:
		return order.AppendUint16(nil, uint16(c))
	}
	high, low := utf16.EncodeRune(c)
	return order.AppendUint16(order.AppendUint16(nil, uint16(high)), uint16(low))
}

func toBig(t Term) (*big.Int, bool) {
	switch v := t.(type) {
	case int64:
		return big.NewInt(v), true
	case *big.Int:
		return v, true
	}
	return nil, false
}
