package main

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/pubsub"
)

func TestFromJSON(t *testing.T) {
	for text, want := range map[string]string{
		`null`:                           `nil`,
		`[true,false,"ä"]`:               `[true,false,<<"ä"/utf8>>]`,
		`{"b":1,"a":[1.5,-2]}`:           `#{<<"a">> => [1.5,-2],<<"b">> => 1}`,
		`123456789012345678901234567890`: `123456789012345678901234567890`,
		`1e30`:                           `1.0e30`,
		`{}`:                             `#{}`,
	} {
		got, err := fromJSON([]byte(text))
		expected, parseErr := etf.Parse(want)
		if err != nil || parseErr != nil || !etf.Equal(got, expected) {
			t.Errorf("%s: got %s, %v, %v", text, etf.String(got), err, parseErr)
			continue
		}
		back, err := toJSON(got)
		again, err2 := fromJSON(back)
		if err != nil || err2 != nil || !etf.Equal(again, got) {
			t.Errorf("%s came back as %s, %v, %v", text, back, err, err2)
		}
	}
	for _, text := range []string{``, `{`, `1 2`, `{} x`, `1e999`, strings.Repeat("9", 2000) + ".5e999"} {
		if got, err := fromJSON([]byte(text)); err == nil {
			t.Errorf("%.20s became %s", text, etf.String(got))
		}
	}
}

func TestToJSON(t *testing.T) {
	for _, c := range []struct {
		term etf.Term
		want string
	}{
		{etf.Atom("ok"), `"ok"`}, {etf.M(etf.Atom("key"), "v", []byte("x"), etf.Atom("nil")), `{"key":"v","x":null}`},
		{etf.List{int64(1), 2.5, big.NewInt(7)}, `[1,2.5,7]`}, {etf.Bool(true), `true`},
	} {
		if got, err := toJSON(c.term); err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v", etf.String(c.term), got, err)
		}
	}
	for _, term := range []etf.Term{etf.Tuple{}, etf.Pid{Node: "a@b"}, etf.M(int64(1), int64(2)), etf.List{etf.Tuple{}}, etf.M("k", etf.Tuple{})} {
		if got, err := toJSON(term); !errors.Is(err, errValue) {
			t.Errorf("%s became %s, %v", etf.String(term), got, err)
		}
	}
}

// TestReceivedRefusesOthers: what is no broadcast of a channel is passed over.
func TestReceivedRefusesOthers(t *testing.T) {
	ok := etf.Struct(broadcastStruct, etf.Atom("topic"), "room:1", etf.Atom("event"), "shout", etf.Atom("payload"), etf.Map{})
	if f, is := received(pubsub.Message{Term: ok}); !is || f.Topic != "room:1" || f.Event != "shout" || string(f.Payload) != "{}" {
		t.Errorf("got %+v, %v", f, is)
	}
	for _, term := range []etf.Term{
		etf.Atom("x"), etf.Map{}, etf.Struct("Elixir.Other", etf.Atom("topic"), "t", etf.Atom("event"), "e", etf.Atom("payload"), etf.Map{}),
		etf.Struct(broadcastStruct, etf.Atom("topic"), int64(1), etf.Atom("event"), "e", etf.Atom("payload"), etf.Map{}),
		etf.Struct(broadcastStruct, etf.Atom("topic"), "t", etf.Atom("event"), "e", etf.Atom("payload"), etf.Tuple{}),
		etf.Struct(broadcastStruct, etf.Atom("topic"), "t", etf.Atom("event"), "e"),
	} {
		if f, is := received(pubsub.Message{Term: term}); is {
			t.Errorf("%s became %+v", etf.String(term), f)
		}
	}
}
