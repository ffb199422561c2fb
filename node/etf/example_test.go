package etf_test

import (
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
)

func Example() {
	b, err := etf.Encode(etf.T(etf.OK, etf.M(etf.Atom("rooms_number"), 3, etf.Atom("address"), "f1:5002")))
	if err != nil {
		fmt.Println(err)
		return
	}
	t, _, err := etf.Decode(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(etf.String(t))
	if reply, ok := etf.AsTagged(t, etf.OK, 2); ok {
		m, _ := etf.AsMap(reply[1])
		rooms, _ := etf.AsInt(m.Atom("rooms_number"))
		address, _ := etf.AsString(m.Atom("address"))
		fmt.Println(rooms, address)
	}
	// Output:
	// {ok,#{address => <<"f1:5002">>,rooms_number => 3}}
	// 3 f1:5002
}

func ExampleParse() {
	t, err := etf.Parse(`{add_peer, <<"room-1">>, #{metadata => [1, 2.5, "text"]}}.`)
	fmt.Println(etf.String(t), err)
	_, err = etf.Parse("{ok, [1, 2}")
	fmt.Println(err)
	// Output:
	// {add_peer,<<"room-1">>,#{metadata => [1,2.5,"text"]}} <nil>
	// parse term: line 1, column 11: '}' where "," or "|" or "]" is expected
}

func ExampleInspectAtom() {
	for _, name := range []etf.Atom{"f1@localhost", "f1@127.0.0.1", "Elixir.Fishjam.Room"} {
		fmt.Println(etf.InspectAtom(name))
	}
	// Output:
	// :f1@localhost
	// :"f1@127.0.0.1"
	// Fishjam.Room
}

func ExampleEncoder() {
	table := etf.AtomTable{etf.Atom("$gen_cast")}
	e := etf.Encoder{Atom: func(dst []byte, a etf.Atom) ([]byte, bool) {
		if a != table[0] {
			return dst, false
		}
		return etf.AppendAtomRef(dst, 0), true
	}}
	b, err := e.AppendBody(nil, etf.T(etf.Atom("$gen_cast"), 1))
	fmt.Printf("%x %v\n", b, err)
	t, _, err := etf.NewDecoder(etf.DecoderOptions{NoCopy: true}).DecodeBody(b, table)
	fmt.Println(etf.String(t), err)
	// Output:
	// 680252006101 <nil>
	// {'$gen_cast',1} <nil>
}
