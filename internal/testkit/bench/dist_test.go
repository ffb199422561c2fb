//go:build bench

package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// rounds is how often the two ends of a comparison take turns: many short
// ones, since a shared machine is disturbed for parts of a second.
const rounds = 41

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
	ops    int // in each measurement; 0: their processor time is not told
	peers  *peers
}

// run prints the medians, the median of the ratios pair by pair, and the limit.
func (c comparison) run(t *testing.T) {
	t.Helper()
	c.beam() // both warm
	c.own()
	var beam, own, ratios []float64
	var beams, owns spent
	for range rounds {
		b := beams.during(t, c.peers, c.beam)
		o := owns.during(t, c.peers, c.own)
		beam, own, ratios = append(beam, b), append(own, o), append(ratios, o/b)
	}
	sign := "≤"
	if c.higher {
		sign = "≥"
	}
	slices.Sort(ratios)
	row(c.what, fmt.Sprintf("%.4g %s", median(own), c.unit),
		fmt.Sprintf("%s %.4g; ratio %.2f (quarters %.2f–%.2f), target %s %.1f", cmp.Or(c.other, "erl→erl"), median(beam),
			median(ratios), ratios[len(ratios)/4], ratios[len(ratios)*3/4], sign, c.target))
	if c.ops > 0 {
		fmt.Printf("    processor time of each: here %s, there %s; erl→erl %s, %s\n",
			owns.each(0, c.ops), owns.each(2, c.ops), beams.each(0, c.ops), beams.each(1, c.ops))
	}
	fmt.Printf("    limited by %s\n", c.limit)
}

// spent is the processor time of the BEAM node that measures, the other one,
// and ours.
type spent [3]time.Duration

// during adds what a measurement takes.
func (s *spent) during(t *testing.T, p *peers, measure func() float64) float64 {
	t.Helper()
	if p == nil {
		return measure()
	}
	pids := [len(s)]int{p.from.Pid, p.beam.Pid, os.Getpid()}
	for i, pid := range pids {
		s[i] -= cpuOf(t, pid)
	}
	v := measure()
	for i, pid := range pids {
		s[i] += cpuOf(t, pid)
	}
	return v
}

// each is the time per operation of one of them.
func (s *spent) each(i, ops int) string {
	return fmt.Sprintf("%.2f µs", float64(s[i])/1e3/float64(ops)/rounds)
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

func TestBenchDistCalls(t *testing.T) {
	p := startPeers(t)
	p.pin(t)
	const n = 1000
	micro := func(fun, at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:%s('%s@localhost', %d).", fun, at, n)[0] / 1e3 }
	}
	erpc := func(fun, at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:erpc_calls('%s@localhost', %s, %d).", at, fun, n)[0] / 1e3 }
	}
	comparison{
		what: "gen_server:call from erl, p50", unit: "µs", target: 1.1, ops: n, peers: p,
		limit: "waking the thread of the server's reader, which answers itself; and again for the demonitor after the answer",
		beam:  micro("gen_calls", "beam"), own: micro("gen_calls", "go"),
	}.run(t)
	comparison{
		what: "the same request without a monitor, p50", unit: "µs", target: 1.1, ops: n, peers: p,
		limit: "waking the thread of the server's reader",
		beam:  micro("requests", "beam"), own: micro("requests", "go"),
	}.run(t)
	comparison{
		what: "erpc:call from erl of a quick function, p50", unit: "µs", target: 1, ops: n, peers: p,
		limit: "as a call",
		beam:  erpc("echo", "beam"), own: erpc("echo", "go"),
	}.run(t)
	comparison{
		what: "erpc:call from erl of one that may block, p50", unit: "µs", target: 1, ops: n, peers: p,
		limit: "as a call, while it does not block; else starting a goroutine, perhaps on another thread, for the function",
		beam:  erpc("slow", "beam"), own: erpc("slow", "go"),
	}.run(t)
	comparison{
		what: "gen_server:call from Go to erl, p50", unit: "µs", target: 1.1, ops: n, peers: p,
		limit: "as a call the other way round",
		beam:  micro("gen_calls", "beam"), own: func() float64 { return p.outgoing(t, n) },
	}.run(t)
}

// outgoing is the median of calls from our node to a BEAM node on another
// processor, in µs.
func (p *peers) outgoing(t *testing.T, n int) float64 {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []time.Duration
	for range n {
		start := time.Now()
		if _, err := p.own.GenCall(ctx, "from@localhost", "echo", etf.Atom("hello")); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(start))
	}
	return float64(quantile(all, 0.5)) / 1e3
}

func TestBenchDistThroughput(t *testing.T) {
	p := startPeers(t)
	p.pin(t)
	rate := func(fun, at string, size, n int) float64 {
		return float64(n) / p.ask(t, "fjbench:%s('%s@localhost', %d, %d, []).", fun, at, size, n)[0] * 1e9
	}
	for _, c := range []struct {
		what, fun, unit, limit string
		size, n                int
		per, target            float64
		frugal                 bool
	}{
		{"100 byte messages in", "to", "/s", "the sender: the BEAM's own cost per message, and waking our reader whenever that has caught up", 100, 40_000, 1, 1, false},
		{"100 byte messages out", "from", "/s", "the receiver: the BEAM's own cost per message", 100, 40_000, 1, 1, false},
		{"64 KB binaries in", "to", "MB/s", "copying from the socket, once (one read for each message), into memory that is cold, and the garbage collector, which has to find out that it may be used again (see Message.Release)", 64 << 10, 3_000, 64 << 10 / 1e6, 0.8, false},
		{"64 KB binaries in, released", "to", "MB/s", "copying from the socket, once", 64 << 10, 3_000, 64 << 10 / 1e6, 0.8, true},
		{"64 KB binaries out", "from", "MB/s", "copying into the message, in case the sender changes it, and to the socket, and the receiver's reading", 64 << 10, 3_000, 64 << 10 / 1e6, 0.8, false},
		{"64 KB binaries out, shared", "from", "MB/s", "the receiver's reading", 64 << 10, 3_000, 64 << 10 / 1e6, 0.8, true},
		{"60 KB binaries in", "to", "MB/s", "as above", 60_000, 3_000, 60_000 / 1e6, 0.8, false},
		{"60 KB binaries in, released", "to", "MB/s", "as above", 60_000, 3_000, 60_000 / 1e6, 0.8, true},
		{"60 KB binaries out", "from", "MB/s", "as above", 60_000, 3_000, 60_000 / 1e6, 0.8, false},
		{"60 KB binaries out, shared", "from", "MB/s", "as above", 60_000, 3_000, 60_000 / 1e6, 0.8, true},
	} {
		p.frugal.Store(c.frugal)
		comparison{
			what: c.what, unit: c.unit, higher: true, target: c.target, limit: c.limit, ops: c.n, peers: p,
			beam: func() float64 { return c.per * rate(c.fun, "beam", c.size, c.n) },
			own:  func() float64 { return c.per * rate(c.fun, "go", c.size, c.n) },
		}.run(t)
	}
}

// TestBenchDistHeadOfLine makes calls while a binary of 100 MB comes the same way.
func TestBenchDistHeadOfLine(t *testing.T) {
	p := startPeers(t)
	p.pin(t)
	slowest := func(at string) func() float64 {
		return func() float64 { return p.ask(t, "fjbench:behind('%s@localhost', %d, 1).", at, 100_000_000)[0] / 1e6 }
	}
	comparison{
		what: "slowest call beside 100 MB to erl", unit: "ms", target: 1,
		limit: "what the sockets hold: 256 KB unsent of ours and the receiver's window, at the speed the BEAM reads fragments",
		beam:  slowest("beam"), own: slowest("go"),
	}.run(t)
}
