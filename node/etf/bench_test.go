package etf

import (
	"encoding/json"
	"fmt"
	"testing"
)

// The reference of these benchmarks is encoding/json with the same content as
// a tree of any: like terms, it is decoded without knowing its shape
// beforehand (encoding/gob or protobuf would be told the shape and are no fair
// comparison). Atoms, binaries, pids and references are strings there, tuples
// are arrays. Run:
//
//	go test -bench . -run ^$ ./node/etf

// message is a usual distribution message, as term and as JSON.
type message struct {
	name string
	term Term
	json any
}

func messages() []message {
	pid := Pid{Node: "f1@127.0.0.1", ID: 120, Creation: 0x65000001}
	ref := MakeRef("f1@127.0.0.1", 0x65000001, 1234, 5678, 9012)
	ints, jsonInts := make(List, 1000), make([]any, 1000)
	for i := range ints {
		ints[i], jsonInts[i] = int64(i*1000), i*1000
	}
	binary := make([]byte, 64<<10)
	text := make([]byte, 64<<10)
	for i := range text {
		text[i] = 'a' + byte(i%26)
	}
	config, jsonConfig := deepConfig(6)
	return []message{
		{
			"gen_call",
			Tuple{Atom("$gen_call"), Tuple{pid, Cons(Atom("alias"), ref)}, Tuple{Atom("get"), int64(1)}},
			[]any{"$gen_call", []any{"<f1@127.0.0.1.120.0>", []any{"alias", "#Ref<f1@127.0.0.1.1234.5678.9012>"}}, []any{"get", 1}},
		},
		{
			"usage",
			M(Atom("forwarded_tracks_number"), int64(12), Atom("node"), Atom("f1@127.0.0.1"), Atom("rooms_number"), int64(3)),
			map[string]any{"forwarded_tracks_number": 12, "node": "f1@127.0.0.1", "rooms_number": 3},
		},
		{"1000 ints", ints, jsonInts},
		{"64 KB", binary, string(text)},
		{"config", config, jsonConfig},
	}
}

// deepConfig is a map in a map in a map.
func deepConfig(depth int) (Term, any) {
	if depth == 0 {
		return []byte("rtsp://127.0.0.1:554/stream"), "rtsp://127.0.0.1:554/stream"
	}
	sub, jsonSub := deepConfig(depth - 1)
	m := Struct("Elixir.Fishjam.Room.Config", Atom("room_id"), []byte("39684204-room"), Atom("max_peers"), int64(400),
		Atom("video_codec"), Atom("h264"), Atom("webhook_url"), Nil, Atom("timeouts"), List{int64(10), int64(1000)}, Atom("sub"), sub)
	j := map[string]any{
		"__struct__": "Elixir.Fishjam.Room.Config", "room_id": "39684204-room", "max_peers": 400, "video_codec": "h264",
		"webhook_url": nil, "timeouts": []any{10, 1000}, "sub": jsonSub,
	}
	return m, j
}

func BenchmarkEncode(b *testing.B) {
	for _, m := range messages() {
		var buf []byte
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = AppendBody(buf[:0], m.term); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(buf)))
		})
		b.Run(m.name+"/json", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(m.json); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, m := range messages() {
		raw, err := AppendBody(nil, m.term)
		if err != nil {
			b.Fatal(err)
		}
		for _, noCopy := range []bool{true, false} {
			d := NewDecoder(DecoderOptions{NoCopy: noCopy})
			b.Run(fmt.Sprintf("%s/nocopy=%v", m.name, noCopy), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					if _, _, err := d.DecodeBody(raw, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		text, err := json.Marshal(m.json)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(m.name+"/json", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := json.Unmarshal(text, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	for _, m := range messages() {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = AppendFormat(buf[:0], m.term, Pretty)
			}
		})
	}
}

// TestAllocations holds the benchmarks' most important figures: encoding into
// a buffer of enough room allocates nothing; decoding a call allocates two per
// tuple, one per identifier, list and map and their contents.
func TestAllocations(t *testing.T) {
	decode := map[string]float64{"gen_call": 10, "usage": 2, "64 KB": 1, "1000 ints": 1002}
	d := NewDecoder(DecoderOptions{NoCopy: true})
	for _, m := range messages() {
		raw, err := AppendBody(nil, m.term)
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 0, len(raw))
		if n := testing.AllocsPerRun(100, func() { _, _ = AppendBody(buf, m.term) }); n != 0 {
			t.Errorf("%s: encoding allocates %v times", m.name, n)
		}
		n := testing.AllocsPerRun(100, func() { _, _, _ = d.DecodeBody(raw, nil) })
		if limit, ok := decode[m.name]; ok && n > limit {
			t.Errorf("%s: decoding allocates %v times, expected at most %v", m.name, n, limit)
		}
	}
}
