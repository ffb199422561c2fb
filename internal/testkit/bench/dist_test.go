//go:build bench

package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// rounds is how often the two ends of a comparison take turns.
const rounds = 7

// comparison is one measurement against a BEAM node and against ours, in turn,
// so that both see the same machine.
type comparison struct {
	what   string
	unit   string
	higher bool    // better
	target float64 // of the ratio ours : BEAM's
	limit  string  // what limits ours
	other  string  // what it is compared with; "" is erl→erl
	beam   func() float64
	own    func() float64
}

// run prints the medians, the median of the ratios pair by pair, and the limit.
func (c comparison) run() {
	c.beam() // both warm
	c.own()
	var beam, own, ratios []float64
	for range rounds {
		b, o := c.beam(), c.own()
		beam, own, ratios = append(beam, b), append(own, o), append(ratios, o/b)
	}
	sign := "≤"
	if c.higher {
		sign = "≥"
	}
	other := cmp.Or(c.other, "erl→erl")
	row(c.what, fmt.Sprintf("%.4g %s", median(own), c.unit),
		fmt.Sprintf("%s %.4g; ratio %.2f (%.2f–%.2f), target %s %.1f",
			other, median(beam), median(ratios), slices.Min(ratios), slices.Max(ratios), sign, c.target))
	fmt.Printf("    limited by %s\n", c.limit)
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

func TestBenchDistCalls(t *testing.T) {
	p := startPeers(t)
	const n = 3000
	micro := func(fun, at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:%s('%s@localhost', %d).", fun, at, n)[0] / 1e3 }
	}
	erpc := func(fun, at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:erpc_calls('%s@localhost', %s, %d).", at, fun, n)[0] / 1e3 }
	}
	comparison{
		what: "gen_server:call from erl, p50", unit: "µs", target: 1.1,
		limit: "waking the thread of the server's reader, which answers itself; and again for the demonitor after the answer, beside the caller's next call",
		beam:  micro("gen_calls", "beam"), own: micro("gen_calls", "go"),
	}.run()
	comparison{
		what: "the same request without a monitor, p50", unit: "µs", target: 1.1,
		limit: "waking the thread of the server's reader",
		beam:  micro("requests", "beam"), own: micro("requests", "go"),
	}.run()
	comparison{
		what: "erpc:call from erl of a quick function, p50", unit: "µs", target: 1,
		limit: "as a call",
		beam:  erpc("echo", "beam"), own: erpc("echo", "go"),
	}.run()
	comparison{
		what: "erpc:call from erl of one that may block, p50", unit: "µs", target: 1,
		limit: "as a call, and starting a goroutine, perhaps on another thread, for the function",
		beam:  erpc("slow", "beam"), own: erpc("slow", "go"),
	}.run()
	comparison{
		what: "gen_server:call from Go to erl, p50", unit: "µs", target: 1.1,
		limit: "as a call the other way round",
		beam:  micro("gen_calls", "beam"), own: func() float64 { return p.outgoing(t, n) },
	}.run()
}

// outgoing is the median of calls from our node to the BEAM's, in µs.
func (p *peers) outgoing(t *testing.T, n int) float64 {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []time.Duration
	for range n {
		start := time.Now()
		if _, err := p.own.GenCall(ctx, "beam@localhost", "echo", etf.Atom("hello")); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(start))
	}
	return float64(quantile(all, 0.5)) / 1e3
}

func TestBenchDistThroughput(t *testing.T) {
	p := startPeers(t)
	rate := func(fun, at string, size, n int) float64 {
		return float64(n) / p.ask(t, "fjbench:%s('%s@localhost', %d, %d, []).", fun, at, size, n)[0] * 1e9
	}
	for _, c := range []struct {
		what, fun, unit, limit string
		size, n                int
		per, target            float64
		frugal                 bool
	}{
		{"100 byte messages in", "to", "/s", "the sender: the BEAM's own cost per message", 100, 200_000, 1, 1, false},
		{"100 byte messages out", "from", "/s", "the receiver: the BEAM's own cost per message", 100, 200_000, 1, 1, false},
		{"64 KB binaries in", "to", "MB/s", "copying from the socket, once (one read for each message), into memory that is cold, and the garbage collector, which has to find out that it may be used again (see Message.Release)", 64 << 10, 10_000, 64 << 10 / 1e6, 0.8, false},
		{"64 KB binaries in, released", "to", "MB/s", "copying from the socket, once", 64 << 10, 10_000, 64 << 10 / 1e6, 0.8, true},
		{"64 KB binaries out", "from", "MB/s", "copying into the message, in case the sender changes it, and to the socket, and the receiver's reading", 64 << 10, 10_000, 64 << 10 / 1e6, 0.8, false},
		{"64 KB binaries out, shared", "from", "MB/s", "the receiver's reading", 64 << 10, 10_000, 64 << 10 / 1e6, 0.8, true},
		{"60 KB binaries in", "to", "MB/s", "as above", 60_000, 10_000, 60_000 / 1e6, 0.8, false},
		{"60 KB binaries in, released", "to", "MB/s", "as above", 60_000, 10_000, 60_000 / 1e6, 0.8, true},
		{"60 KB binaries out", "from", "MB/s", "as above", 60_000, 10_000, 60_000 / 1e6, 0.8, false},
		{"60 KB binaries out, shared", "from", "MB/s", "as above", 60_000, 10_000, 60_000 / 1e6, 0.8, true},
	} {
		p.frugal.Store(c.frugal)
		comparison{
			what: c.what, unit: c.unit, higher: true, target: c.target, limit: c.limit,
			beam: func() float64 { return c.per * rate(c.fun, "beam", c.size, c.n) },
			own:  func() float64 { return c.per * rate(c.fun, "go", c.size, c.n) },
		}.run()
	}
}

// TestBenchDistHeadOfLine makes calls while a binary of 100 MB comes the same way.
func TestBenchDistHeadOfLine(t *testing.T) {
	p := startPeers(t)
	slowest := func(at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:behind('%s@localhost', %d, 1).", at, 100_000_000)[0] / 1e6 }
	}
	comparison{
		what: "slowest call beside 100 MB to erl", unit: "ms", target: 1,
		limit: "what the sockets hold: 256 KB unsent of ours and the receiver's window, at the speed the BEAM reads fragments",
		beam:  slowest("beam"), own: slowest("go"),
	}.run()
}
