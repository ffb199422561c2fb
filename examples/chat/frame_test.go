package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func TestCodecs(t *testing.T) {
	for _, c := range []struct {
		vsn, text string
		want      frame
		back      string // how it is written; "" as text
	}{
		{"1.0.0", `{"topic":"room:1","event":"phx_join","payload":{},"ref":"1"}`, frame{nil, raw(`"1"`), "room:1", "phx_join", raw("{}")}, `{"ref":"1","topic":"room:1","event":"phx_join","payload":{}}`},
		{"", `{"topic":"phoenix","event":"heartbeat","payload":{"a":[1]},"ref":7}`, frame{nil, raw("7"), "phoenix", "heartbeat", raw(`{"a":[1]}`)}, `{"ref":7,"topic":"phoenix","event":"heartbeat","payload":{"a":[1]}}`},
		{"1.0.0", `{"topic":"t","event":"e","join_ref":"3"}`, frame{JoinRef: raw(`"3"`), Topic: "t", Event: "e"}, `{"ref":null,"topic":"t","event":"e","payload":{}}`},
		{"2.0.0", `["3","4","room:1","shout",{"message":"hi"}]`, frame{raw(`"3"`), raw(`"4"`), "room:1", "shout", raw(`{"message":"hi"}`)}, ""},
		{"2.0.0", `[null,null,"t","e",{}]`, frame{raw("null"), raw("null"), "t", "e", raw("{}")}, ""},
	} {
		got, err := codecs()[c.vsn].decode([]byte(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v", c.text, got, err)
			continue
		}
		want := c.back
		if want == "" {
			want = c.text
		}
		if text, err := codecs()[c.vsn].encode(got); err != nil || string(text) != want {
			t.Errorf("%s is written as %s, %v", c.text, text, err)
		}
	}
}

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestNoFrames(t *testing.T) {
	for vsn, texts := range map[string][]string{
		"1.0.0": {``, `{}`, `[]`, `{"topic":"t"}`, `{"event":"e"}`, `{"topic":1,"event":"e"}`, `{"topic":"t","event":"e","ref":{}}`, `{"topic":"t","event":"e"`},
		"2.0.0": {``, `{}`, `[]`, `[1,2,3,4]`, `[1,2,3,4,5]`, `["1","2","","e",{}]`, `["1",[],"t","e",{}]`, `["1","2","t","e",{},6]`, `[null,null,"t","e",`},
	} {
		for _, text := range texts {
			if f, err := codecs()[vsn].decode([]byte(text)); !errors.Is(err, errFrame) {
				t.Errorf("%s %s: %+v, %v", vsn, text, f, err)
			}
		}
	}
}

func TestReply(t *testing.T) {
	f := frame{raw(`"1"`), raw(`"2"`), "room:1", "phx_join", raw("{}")}
	text, err := encodeArray(f.reply("error", raw(`{"reason":"x"}`)))
	if want := `["1","2","room:1","phx_reply",{"status":"error","response":{"reason":"x"}}]`; err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

// FuzzFrame: any text is refused or can be written again, to the same frame.
func FuzzFrame(f *testing.F) {
	f.Add("1.0.0", []byte(`{"topic":"room:1","event":"shout","payload":{"message":"hi"},"ref":"1"}`))
	f.Add("2.0.0", []byte(`["1","2","room:1","shout",{"message":"hi"}]`))
	f.Fuzz(func(t *testing.T, vsn string, text []byte) {
		c, ok := codecs()[vsn]
		if !ok {
			return
		}
		got, err := c.decode(text)
		if err != nil {
			return
		}
		first, err := c.encode(got)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", got, err)
		}
		again, err := c.decode(first)
		if err != nil {
			t.Fatalf("%s cannot be read: %v", first, err)
		}
		if second, err := c.encode(again); err != nil || string(second) != string(first) {
			t.Fatalf("%s became %s, %v", first, second, err)
		}
		if term, err := fromJSON(got.filled().Payload); err == nil {
			if _, err := toJSON(term); err != nil {
				t.Fatalf("%s: %v", got.Payload, err)
			}
		}
	})
}
