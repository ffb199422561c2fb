//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

// TestBenchTerms compares the codec with encoding/json on the same content as
// a tree of any: like a term, it is decoded without knowing its shape. (No
// other codec of Erlang terms is among the dependencies; gob and protobuf are
// told the shape.)
func TestBenchTerms(t *testing.T) {
	pid := etf.Pid{Node: "f1@127.0.0.1", ID: 120, Creation: 0x65000001}
	ref := etf.MakeRef("f1@127.0.0.1", 0x65000001, 1234, 5678, 9012)
	for _, c := range []struct {
		what string
		term etf.Term
		json any
	}{
		{
			"gen_server call",
			etf.Tuple{etf.Atom("$gen_call"), etf.Tuple{pid, etf.Cons(etf.Atom("alias"), ref)}, etf.Tuple{etf.Atom("get"), int64(1)}},
			[]any{"$gen_call", []any{"<f1@127.0.0.1.120.0>", []any{"alias", "#Ref<f1@127.0.0.1.1234.5678.9012>"}}, []any{"get", 1}},
		},
		{
			"usage map",
			etf.M(etf.Atom("forwarded_tracks_number"), int64(12), etf.Atom("node"), etf.Atom("f1@127.0.0.1"), etf.Atom("rooms_number"), int64(3)),
			map[string]any{"forwarded_tracks_number": 12, "node": "f1@127.0.0.1", "rooms_number": 3},
		},
	} {
		compareCodecs(t, c.what, c.term, c.json)
	}
}

func compareCodecs(t *testing.T, what string, term etf.Term, tree any) {
	raw, err := etf.AppendBody(nil, term)
	text, errText := json.Marshal(tree)
	if err != nil || errText != nil {
		t.Fatal(err, errText)
	}
	buf := make([]byte, 0, len(raw))
	d := etf.NewDecoder(etf.DecoderOptions{})
	pair := func(verb, limit string, ours, theirs func()) {
		o, j := measure(ours), measure(theirs)
		row("encoding/json of the same: "+verb+" "+what, figures(j), "")
		row(verb+" "+what, figures(o), fmt.Sprintf("ratio %.2f", float64(o.NsPerOp())/float64(j.NsPerOp())))
		fmt.Printf("    limited by %s\n", limit)
	}
	pair("encode", "copying; nothing is allocated", func() { _, _ = etf.AppendBody(buf, term) }, func() { _, _ = json.Marshal(tree) })
	pair("decode", "allocating: one or two per element that is no small integer or known atom",
		func() { _, _, _ = d.DecodeBody(raw, nil) }, func() { var v any; _ = json.Unmarshal(text, &v) })
}

func measure(f func()) testing.BenchmarkResult {
	return testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
	})
}

func figures(r testing.BenchmarkResult) string {
	return fmt.Sprintf("%d ns, %d allocs", r.NsPerOp(), r.AllocsPerOp())
}
