package etf

import (
	"math"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		term                   Term
		pretty, unicode, plain string
	}{
		{Charlist("abc"), `"abc"`, `"abc"`, "[97,98,99]"},
		{Charlist("żó"), "[380,243]", `"żó"`, "[380,243]"},
		{[]byte("żó"), "<<197,188,195,179>>", `<<"żó"/utf8>>`, "<<197,188,195,179>>"},
		{[]byte("é"), `<<"é"/utf8>>`, `<<"é"/utf8>>`, "<<195,169>>"},
		{[]byte{0xe9}, `<<"é">>`, `<<"é">>`, "<<233>>"},
		{M("b", 1, Atom("a"), Atom("B c")), `#{a => 'B c',<<"b">> => 1}`, `#{a => 'B c',<<"b">> => 1}`, `#{a => 'B c',<<98>> => 1}`},
	} {
		for style, want := range map[Style]string{Pretty: c.pretty, Unicode: c.unicode, Plain: c.plain} {
			if got := Format(c.term, style); got != want {
				t.Errorf("style %d: %s, want %s", style, got, want)
			}
		}
	}
}

func TestStringOfTheRest(t *testing.T) {
	for _, c := range []struct {
		term Term
		want string
	}{
		{Pid{"f1@host", 12, 3, 4}, "<0.12.3>"}, {Port{"a@b", 7, 1}, "#Port<0.7>"}, {MakeRef("a@b", 1, 3, 2, 1), "#Ref<0.1.2.3>"},
		{Record{0, "m", "r", []Atom{"a", "b"}, []Term{1, "x"}}, `#m:r{a = 1,b = <<"x">>}`},
		{Fun{Module: "m", OldIndex: 2, OldUniq: 3}, "#Fun<m.2.3>"}, {Opaque{1, 2}, "#Local<2>"},
		{nil, "#Go<<nil>>"}, {struct{}{}, "#Go<struct {}>"}, {Tuple{complex(1, 2)}, "{#Go<complex128>}"},
		{math.NaN(), "#Go<float64>"}, {BitString{}, "#Go<etf.BitString>"}, {true, "true"}, {[]string{"a"}, `[<<"a">>]`},
	} {
		if got := String(c.term); got != c.want {
			t.Errorf("%#v prints as %s, want %s", c.term, got, c.want)
		}
	}
	if got := (Pid{ID: 1}).String() + MakeRef("a", 1, 2).String() + (Port{ID: 3}).String(); got != "<0.1.0>#Ref<0.2>#Port<0.3>" {
		t.Error(got)
	}
}

// inspectTable pairs atoms with what Elixir 1.14 prints; the interop test
// compares the first column with a real elixir.
var inspectTable = [][2]string{
	{"ok", ":ok"}, {"f1@127.0.0.1", `:"f1@127.0.0.1"`}, {"f1@localhost", ":f1@localhost"}, {"f1@my-host", `:"f1@my-host"`},
	{"f1@::1", `:"f1@::1"`}, {"app@fdaa:0:1::2", `:"app@fdaa:0:1::2"`}, {"fishjam_1@f1.local", `:"fishjam_1@f1.local"`},
	{"1node@host", `:"1node@host"`}, {"A@b", ":A@b"}, {"_", ":_"}, {"@", ":@"}, {"a@", ":a@"}, {"@a", `:"@a"`}, {"", `:""`},
	{"nil", "nil"}, {"true", "true"}, {"false", "false"}, {"Elixir", "Elixir"}, {"Elixir.", `:"Elixir."`},
	{"Elixir.Fishjam.RoomService", "Fishjam.RoomService"}, {"Elixir.foo", `:"Elixir.foo"`}, {"Elixir.Foo.bar", `:"Elixir.Foo.bar"`},
	{"Elixir.Elixir.Foo", "Elixir.Elixir.Foo"}, {"Elixir.Elixir", "Elixir.Elixir"}, {"Elixir.Foo-Bar", `:"Elixir.Foo-Bar"`},
	{"Elixir.Foo.Bar1_x", "Foo.Bar1_x"}, {"Elixir.Elixirs", "Elixirs"}, {"Foo", ":Foo"}, {"Foo.Bar", `:"Foo.Bar"`},
	{"foo?", ":foo?"}, {"foo!", ":foo!"}, {"foo?bar", `:"foo?bar"`}, {"foo??", `:"foo??"`}, {"?", `:"?"`}, {"foo@bar?", ":foo@bar?"},
	{"a b", `:"a b"`}, {"a.b", `:"a.b"`}, {"1a", `:"1a"`}, {"a1", ":a1"}, {`a"b`, `:"a\"b"`}, {`a\b`, `:"a\\b"`},
	{"a\nb", `:"a\nb"`}, {"a#{b}", `:"a\#{b}"`}, {"a#b", `:"a#b"`}, {"a\x00", `:"a\0"`}, {"a\x01", `:"a\x01"`}, {"\x7f", `:"\d"`},
	{"\x07\x1b", `:"\a\e"`}, {"\u0080", `:"\x80"`}, {"\ufffe", `:"\x{FFFE}"`}, {"😀", `:"😀"`}, {"\u200b", ":\"\u200b\""},
	{"żółw", ":żółw"}, {"é@x", ":é@x"}, {"привет", ":привет"}, {"日本", ":日本"}, {"é?", ":é?"}, {"ªa", `:"ªa"`}, {"a٣", `:"a٣"`},
	{"$gen_call", `:"$gen_call"`}, {"__struct__", ":__struct__"}, {"end", ":end"}, {"not in", `:"not in"`}, {"when", ":when"},
	{"+", ":+"}, {"::", `:"::"`}, {"=>", `:"=>"`}, {"<<>>", ":<<>>"}, {"{}", ":{}"}, {"%{}", ":%{}"}, {"..", ":.."}, {"...", ":..."},
	{"..//", ":..//"}, {"//", `:"//"`}, {"|>", ":|>"}, {"^^^", `:"^^^"`}, {"~~~", `:"~~~"`}, {"->", ":->"}, {`\\`, `:\\`}, {"[]", `:"[]"`},
}

func TestInspectAtom(t *testing.T) {
	for _, c := range inspectTable {
		if got := InspectAtom(Atom(c[0])); got != c[1] {
			t.Errorf("%q: %s, want %s", c[0], got, c[1])
		}
	}
}

func TestFormatFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1: "1.0", 100: "100.0", 1000: "1.0e3", 123456789: "123456789.0", 0.001: "0.001", 1e-5: "1.0e-5", 0.0012: "0.0012",
		0.00012345: "1.2345e-4", 1 << 53: "9.007199254740992e15", 1<<53 - 1: "9007199254740991.0", 1e22: "1.0e22", -2.5: "-2.5",
		5e-324: "5.0e-324", math.MaxFloat64: "1.7976931348623157e308", math.Copysign(0, -1): "-0.0",
	} {
		if got := String(f); !strings.EqualFold(got, want) && f != 0 {
			t.Errorf("%g prints as %s, want %s", f, got, want)
		}
	}
}
