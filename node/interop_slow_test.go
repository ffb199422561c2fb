//go:build interop

package node

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// TestSlowProcess: a real node sends 100,000 messages of 1 KB as fast as it can
// to a process that reads late and slowly. None is lost, their order stays, and
// they wait at their sender, not in our memory. What other processes of that
// node send over the same link waits behind them; then it comes.
func TestSlowProcess(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		const count = 100_000
		slow, other := mailbox(t, w.n, "slow"), mailbox(t, w.n, "other")
		w.connect(t)
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		w.ask(t, `Pad = binary:copy(<<"x">>, 1024), Parent = self(),
			spawn(fun() -> Parent ! go, [{slow, GO} ! {N, Pad} || N <- lists:seq(1, 100000)] end),
			receive go -> ok end.`, "ok")
		within(t, 10*time.Second, "the mailbox is full", func() bool { return len(slow.items) == cap(slow.items) })
		w.ask(t, `spawn(fun() -> {other, GO} ! here end), ok.`, "ok")
		var held runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&held)
		if grown := int64(held.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
			t.Errorf("%d MB wait in our memory", grown>>20)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for i := range count {
			if i%10_000 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
			got, err := slow.Receive(ctx)
			if err != nil {
				t.Fatalf("message %d: %v", i+1, err)
			}
			if n := got.(Message).Term.(etf.Tuple)[0]; n != etf.Term(int64(i+1)) {
				t.Fatalf("message %d is number %v", i+1, n)
			}
		}
		if m := receive[Message](t, other); m.Term != etf.Term(etf.Atom("here")) {
			t.Errorf("the other process got %v", m.Term)
		}
		w.ask(t, `net_adm:ping(GO).`, "pong")
	})
}
