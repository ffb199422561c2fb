package etf

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// parseTable is also checked against a real erl by the interop test.
var parseTable = []struct {
	text string
	want Term
}{
	{"ok", OK}, {" ok . ", OK}, {"ok%comment\n%another", OK}, {"%first\nok", OK},
	{"'hello world'", Atom("hello world")}, {"''", Atom("")}, {`'it\'s'`, Atom("it's")}, {"f1@host", Atom("f1@host")},
	{"'żółw'", Atom("żółw")}, {"éa", Atom("éa")}, {"'fun'", Atom("fun")}, {`'a\x{1F600}\x41\101\n'`, Atom("a😀AA\n")},
	{"0", int64(0)}, {"-5", int64(-5)}, {"- 5", int64(-5)}, {"+5", int64(5)}, {"007", int64(7)}, {"1_000", int64(1000)},
	{"16#ff", int64(255)}, {"16#FF", int64(255)}, {"-16#ff", int64(-255)}, {"2#101", int64(5)}, {"36#Zz", int64(35*36 + 35)},
	{"16#f_f", int64(255)}, {"9223372036854775807", int64(1<<63 - 1)}, {"9223372036854775808", bigOf("9223372036854775808")},
	{"-9223372036854775808", int64(-1 << 63)}, {"1.0", 1.0}, {"1.0e3", 1000.0}, {"1.5E-3", 0.0015}, {"-2.5e+2", -250.0},
	{"1_0.2_5", 10.25}, {"0.0", 0.0},
	{"$a", int64('a')}, {`$\n`, int64('\n')}, {"$ż", int64('ż')}, {"$ ", int64(' ')}, {`$\s`, int64(' ')}, {"-$a", int64(-'a')},
	{`$\^A`, int64(1)}, {`$\x{20AC}`, int64('€')}, {`$\101`, int64('A')}, {`$\\`, int64('\\')}, {"$'", int64('\'')},
	{`""`, List(nil)}, {`"abc"`, Charlist("abc")}, {`"a" "b"`, Charlist("ab")}, {`"a"` + "\n%x\n" + `"b"`, Charlist("ab")},
	{`"żó\"\\\t\e\d\0"`, Charlist("żó\"\\\t\x1b\x7f\x00")}, {"\"a\nb\"", Charlist("a\nb")}, {`"\x"`, nil}, {`"\x4"`, nil},
	{"[]", List(nil)}, {"[ ]", List(nil)}, {"[1,2]", List{1, 2}}, {"[a|b]", ImproperList{[]Term{Atom("a")}, Atom("b")}},
	{"[a|[b]]", List{Atom("a"), Atom("b")}}, {"[a|[b|c]]", ImproperList{[]Term{Atom("a"), Atom("b")}, Atom("c")}},
	{`[a|"b"]`, List{Atom("a"), 'b'}}, {"[1,2|[]]", List{1, 2}},
	{"{}", Tuple{}}, {"{a}", Tuple{Atom("a")}}, {"{ a , {1 , 2.0} }", Tuple{Atom("a"), Tuple{1, 2.0}}},
	{"#{}", Map{}}, {"#{a=>1}", M(Atom("a"), 1)}, {"#{ a => 1 , \"b\" => 2 }", M(Atom("a"), 1, Charlist("b"), 2)},
	{"#{a=>1,a=>2}", M(Atom("a"), 2)}, {"#{#{}=>#{1=>2}}", M(Map{}, M(1, 2))}, {"#{1=>a,1.0=>b}", M(1, Atom("a"), 1.0, Atom("b"))},
	{"<<>>", []byte{}}, {"<<1,2,255>>", []byte{1, 2, 255}}, {`<<"abc">>`, []byte("abc")}, {"<<256,-1>>", []byte{0, 255}},
	{`<<"żółw"/utf8>>`, []byte("żółw")}, {`<<"é">>`, []byte{0xe9}}, {"<<5:3>>", BitString{[]byte{0xa0}, 3}},
	{"<<1,5:3>>", BitString{[]byte{1, 0xa0}, 3}}, {"<<1:1,2:7>>", []byte{0x82}}, {"<<1:4,2:4,3:4,4:4>>", []byte{0x12, 0x34}},
	{"<<1000:16>>", []byte{3, 232}}, {"<<1000:16/little>>", []byte{232, 3}}, {"<<1000:12/little>>", BitString{[]byte{232, 0x30}, 4}},
	{"<<1000:16/little-unsigned-integer>>", []byte{232, 3}}, {"<<-1:13>>", BitString{[]byte{0xff, 0xf8}, 5}},
	{"<<1.5/float>>", []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}}, {"<<1.5:32/float-little>>", []byte{0, 0, 0xc0, 0x3f}},
	{"<<1/float>>", []byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 0}}, {"<<16#1F600/utf8>>", []byte("😀")}, {"<<$a/utf16>>", []byte{0, 'a'}},
	{"<<16#1F600/utf16>>", []byte{0xd8, 0x3d, 0xde, 0}}, {"<<16#1F600/utf32-little>>", []byte{0, 0xf6, 1, 0}},
	{`<<"ab":16>>`, []byte{0, 'a', 0, 'b'}}, {`<<"a",1:1>>`, BitString{[]byte{'a', 0x80}, 1}}, {"<<0:0>>", []byte{}},
	{"<<1:3,\"a\">>", BitString{[]byte{0x2c, 0x20}, 3}},
	{"fun lists:map/2", Export{"lists", "map", 2}}, {"fun 'A':'b c'/0", Export{"A", "b c", 0}},
	{"true", True}, {"[{name,<<\"x\">>},{n,3}].", List{Tuple{Atom("name"), "x"}, Tuple{Atom("n"), 3}}},
	// Not terms.
	{"", nil}, {".", nil}, {"ok ok", nil}, {"[1", nil}, {"[1,]", nil}, {"[|1]", nil}, {"{1,}", nil}, {"{1", nil}, {"#{a}", nil},
	{"#{a=>}", nil}, {"#{a=>1,}", nil}, {"#a{}", nil}, {"'abc", nil}, {`"abc`, nil}, {"X", nil}, {"_", nil}, {"end", nil},
	{"fun", nil}, {"fun a", nil}, {"fun a:b", nil}, {"fun a:b/256", nil}, {"1.", int64(1)}, {"1.x", nil}, {"1#1", nil}, {"37#1", nil},
	{"16#g", nil}, {"16#", nil}, {"1.0e", nil}, {"1.0e999", nil}, {"<<1", nil}, {"<<a>>", nil}, {"<1>", nil}, {"<<1.5>>", nil},
	{"<0.1.2>", nil}, {"#Ref<0.1>", nil}, {"$", nil}, {"-", nil}, {"-a", nil}, {"\xff", nil}, {"'\xff'", nil}, {"@", nil},
	{`"\x{110000}"`, nil}, {`"\x{d800}"`, nil}, {`"\x{`, nil}, {"1 _000", nil}, {"a|b", nil}, {"(1)", nil},
	{"<<1/nothing>>", nil}, {"<<1:x>>", nil}, {"<<1/utf8-", nil}, {`<<"a":3/utf8>>`, nil},
}

func bigOf(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 0)
	return n
}

func TestParse(t *testing.T) {
	for _, c := range parseTable {
		got, err := Parse(c.text)
		if c.want == nil {
			var pe *ParseError
			if !errors.As(err, &pe) || pe.Line < 1 || pe.Column < 1 || pe.Offset > len(c.text) {
				t.Errorf("%q: %s, %v", c.text, String(got), err)
			}
			continue
		}
		if err != nil || !Equal(got, c.want) {
			t.Errorf("%q: %s, %v; want %s", c.text, String(got), err, String(c.want))
		}
	}
}

func TestParseErrorPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[1,\n 2,\n  żó]", "line 3, column 3: 'ż' where a term is expected"},
		{"[éé,X]", "line 1, column 5: X is a variable; as an atom it is 'X'"},
		{"{ok", `line 1, column 4: text ends where "," or "}" is expected`},
		{"{end}", "line 1, column 2: end is a reserved word; as an atom it is 'end'"},
		{`<<"ż">>`, "line 1, column 3: a character does not fit into a byte; write /utf8 after the string"},
		{"[1] 2", "line 1, column 5: '2' where the end is expected"},
	} {
		_, err := Parse(c.text)
		if err == nil || err.Error() != "parse term: "+c.want {
			t.Errorf("%q:\n got %v\nwant parse term: %s", c.text, err, c.want)
		}
	}
}

// TestParseBounds: depth, digits and sized segments are limited.
func TestParseBounds(t *testing.T) {
	for _, brackets := range []string{"[]", "{}"} {
		for n, ok := range map[int]bool{5000: true, DefaultDepth: true, DefaultDepth + 1: false, 1_000_000: false} {
			_, err := Parse(strings.Repeat(brackets[:1], n) + strings.Repeat(brackets[1:], n))
			if (err == nil) != ok {
				t.Errorf("%d × %s: %v", n, brackets, err)
			}
		}
	}
	for _, text := range []string{
		"<<0:4294967295>>", "<<0:99999999999999999999>>", strings.Repeat("1", maxDigits+1),
		"[" + strings.Repeat("<<0:60000000>>,", 100) + "1]", `<<"` + strings.Repeat("a", 1000) + `":1000000>>`,
	} {
		var err error
		if got := bytesPerRun(1, func() { _, err = Parse(text) }); got > 100<<20 {
			t.Errorf("%.20q…: allocates %d bytes", text, got)
		}
		if err == nil {
			t.Errorf("%.20q…: accepted", text)
		}
	}
}

func TestParseLargeMap(t *testing.T) {
	var b strings.Builder
	b.WriteString("#{")
	for i := range 5000 {
		fmt.Fprintf(&b, "%d => a, {%d} => b,", i%2500, i)
	}
	b.WriteString("0 => last}")
	got, err := Parse(b.String())
	m, _ := AsMap(got)
	last, _ := m.Get(0)
	if err != nil || len(m) != 7500 || !Equal(last, Atom("last")) {
		t.Errorf("%d entries, 0 => %s, %v", len(m), String(last), err)
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string]List{
		"": nil, "  ": nil, "%": nil, "1": {1}, "1, {a}, \"x\"": {1, Tuple{Atom("a")}, Charlist("x")}, "[]": {List{}},
	} {
		got, err := ParseList(text)
		if err != nil || !Equal(got, want) {
			t.Errorf("%q: %s, %v", text, String(got), err)
		}
	}
	for _, text := range []string{",", "1,", "1 2", "1,,2"} {
		if got, err := ParseList(text); err == nil {
			t.Errorf("%q: %s", text, String(got))
		}
	}
}
