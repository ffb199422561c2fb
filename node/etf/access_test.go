package etf

import (
	"slices"
	"testing"
)

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		name    string
		got, ok any
		want    any
	}{
		{"AsAtom", first(AsAtom(OK)), second(AsAtom(OK)), OK},
		{"AsAtom bool", first(AsAtom(true)), second(AsAtom(true)), True},
		{"AsInt", first(AsInt(7)), second(AsInt(7)), int64(7)},
		{"AsInt64", first(AsInt(int64(-7))), second(AsInt(int64(-7))), int64(-7)},
		{"AsFloat", first(AsFloat(1.5)), second(AsFloat(1.5)), 1.5},
		{"AsFloat of int", first(AsFloat(3)), second(AsFloat(3)), 3.0},
		{"AsString", first(AsString([]byte("x"))), second(AsString([]byte("x"))), "x"},
		{"AsText atom", first(AsText(OK)), second(AsText(OK)), "ok"},
		{"AsText charlist", first(AsText(Charlist("żó"))), second(AsText(Charlist("żó"))), "żó"},
		{"AsText empty list", first(AsText(List{})), second(AsText(List{})), ""},
		{"AsBool", first(AsBool(True)), second(AsBool(True)), true},
		{"AsBool false", first(AsBool(Atom("false"))), second(AsBool(False)), false},
		{"AsPid", first(AsPid(Pid{ID: 1})), second(AsPid(Pid{})), Pid{ID: 1}},
		{"AsRef", first(AsRef(Ref{Len: 1})), second(AsRef(Ref{})), Ref{Len: 1}},
	} {
		if c.got != c.want || c.ok != true {
			t.Errorf("%s: %v, %v, want %v", c.name, c.got, c.ok, c.want)
		}
	}
	for name, ok := range map[string]bool{
		"AsAtom": second(AsAtom("ok")), "AsInt": second(AsInt(1.0)), "AsInt big": second(AsInt(uint64(1 << 63))),
		"AsFloat": second(AsFloat(OK)), "AsString": second(AsString(OK)), "AsBinary": second(AsBinary(List{})),
		"AsText": second(AsText(List{-1})), "AsText surrogate": second(AsText(List{0xd800})), "AsText tuple": second(AsText(Tuple{})),
		"AsBool": second(AsBool(OK)), "AsBool no atom": second(AsBool(1)), "AsTuple": second(AsTuple(Tuple{1}, 2)),
		"AsList": second(AsList(ImproperList{})), "AsMap": second(AsMap(Tuple{})), "AsPid": second(AsPid(1)), "AsRef": second(AsRef(1)),
		"AsTagged": second(AsTagged(Tuple{OK}, Error, 1)), "AsTagged size": second(AsTagged(Tuple{OK}, OK, 2)), "AsTagged empty": second(AsTagged(Tuple{}, OK, -1)),
	} {
		if ok {
			t.Errorf("%s takes it", name)
		}
	}
	if v, ok := AsTagged(Tuple{OK, 5}, OK, 2); !ok || v[1] != 5 {
		t.Error("AsTagged")
	}
	if v, ok := AsList([]string{"a"}); !ok || !Equal(v, List{"a"}) {
		t.Error("AsList of strings")
	}
	if b, ok := AsBinary("x"); !ok || string(b) != "x" {
		t.Error("AsBinary of a string")
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

func TestMap(t *testing.T) {
	m := M(Atom("a"), 1, "b", 2, Tuple{1, 2}, 3, M(1, 2), 4).Put("b", 5).Put(1.0, 6).Put(1, 7)
	for _, c := range []struct{ key, want Term }{
		{Atom("a"), 1}, {[]byte("b"), 5}, {Tuple{int64(1), uint8(2)}, 3}, {M(1, 2), 4}, {1.0, 6}, {int64(1), 7},
	} {
		if v, ok := m.Get(c.key); !ok || !Equal(v, c.want) {
			t.Errorf("%s => %s, want %s", String(c.key), String(v), String(c.want))
		}
	}
	if _, ok := m.Get("a"); ok || len(m) != 6 || m.Atom("a") != 1 || m.Atom("b") != nil {
		t.Errorf("%s", String(m))
	}
	s := Struct("Elixir.Foo", Atom("x"), 1)
	if name, ok := s.StructName(); !ok || name != "Elixir.Foo" {
		t.Errorf("%s", String(s))
	}
	if _, ok := m.StructName(); ok {
		t.Error("a map without __struct__ has a name")
	}
}

func TestEqualMaps(t *testing.T) {
	for _, n := range []int{1, 5, smallMap, smallMap + 1, 200} {
		a := manyKeys(n)
		b := slices.Clone(a)
		slices.Reverse(b)
		if !Equal(a, b) || Compare(a, b) != 0 {
			t.Errorf("%d entries: order matters", n)
		}
		b[n/2].Value = "other"
		if Equal(a, b) || Compare(a, b) == 0 {
			t.Errorf("%d entries: values do not matter", n)
		}
		if Equal(a, a[1:]) {
			t.Errorf("%d entries: size does not matter", n)
		}
	}
}

func TestEqualDiffers(t *testing.T) {
	for _, c := range [][2]Term{
		{1, 1.0}, {OK, "ok"}, {List{}, Tuple{}}, {[]byte{}, List{}}, {nil, nil}, {nil, OK}, {"a", Charlist("a")},
		{BitString{[]byte{0xa0}, 3}, []byte{0xa0}}, {BitString{[]byte{0xa0}, 3}, BitString{[]byte{0xa0}, 4}},
		{MakeRef("a", 1, 1), MakeRef("a", 1, 1, 0)}, {Pid{"a", 1, 2, 3}, Pid{"a", 1, 2, 4}}, {ImproperList{[]Term{1}, 2}, List{1, 2}},
		{Export{"a", "b", 1}, Export{"a", "b", 2}}, {Fun{Module: "a"}, Fun{Module: "b"}}, {Opaque{1}, []byte{1}},
		{Record{Name: "a"}, Record{Name: "b"}}, {True, Atom("yes")}, {M(1, 2), M(1.0, 2)},
	} {
		if Equal(c[0], c[1]) || Equal(c[1], c[0]) {
			t.Errorf("%s equals %s", String(c[0]), String(c[1]))
		}
	}
	if !Equal(BitString{[]byte{0xbf}, 3}, BitString{[]byte{0xa0}, 3}) {
		t.Error("unused bits matter")
	}
}

func TestCons(t *testing.T) {
	for _, c := range []struct{ tail, want Term }{
		{List{}, List{1}}, {List{2}, List{1, 2}}, {Atom("x"), ImproperList{[]Term{1}, Atom("x")}},
		{ImproperList{[]Term{2}, 3}, ImproperList{[]Term{1, 2}, 3}},
	} {
		if got := Cons(1, c.tail); !Equal(got, c.want) {
			t.Errorf("[1|%s] is %s", String(c.tail), String(got))
		}
	}
	if !(Pid{}).IsZero() || (Pid{ID: 1}).IsZero() || !(Ref{}).IsZero() || MakeRef("a", 1, 2).IsZero() {
		t.Error("IsZero")
	}
	if r := MakeRef("a", 1, 1, 2, 3, 4, 5, 6); r.Len != 5 {
		t.Error("MakeRef of six words")
	}
	if T(1, 2)[1] != 2 || L(1)[0] != 1 {
		t.Error("T or L")
	}
}
