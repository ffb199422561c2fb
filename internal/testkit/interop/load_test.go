//go:build interop

package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestBigMessages sends binaries of 10 MB and 100 MB there and back. Calls go on
// meanwhile, over the same link.
func TestBigMessages(t *testing.T) {
	parallel(t, 2, func(t *testing.T, w *world) {
		w.tick = 4 // no tick may be held up
		w.cluster(t)
		for _, b := range w.beams {
			b.Expect(t, flapRecorder, "true")
		}
		for _, megabytes := range []int{10, 100} {
			w.big(t, w.beams[0], megabytes)
		}
		for _, b := range w.beams {
			b.Expect(t, flapReport, "[]")
		}
	})
}

func (w *world) big(t *testing.T, b *testkit.BEAM, megabytes int) {
	t.Helper()
	begin := time.Now()
	got, err := b.Try(2*time.Minute, w.fill(fmt.Sprintf(`S = self(),
		Block = << <<(rand:uniform(256) - 1)>> || _ <- lists:seq(1, 1 bsl 16) >>, B = binary:copy(Block, %d * 16),
		spawn(fun() -> S ! {result, gen_server:call({echo, $F}, {echo, {B}}, 120000) =:= {B}} end),
		Calls = fun L(N, Max) -> receive {result, R} -> {R, N > 0, Max} after 0 ->
			T = erlang:monotonic_time(microsecond), x = gen_server:call({echo, $F}, {echo, x}, 30000),
			timer:sleep(5), L(N + 1, max(Max, erlang:monotonic_time(microsecond) - T)) end end,
		{true, Some, Max} = Calls(0, 0), io:format("slowest call ~b us~n", [Max]), Some.`, megabytes)))
	if err != nil || got != "true" {
		t.Fatalf("%d MB: %s %v", megabytes, got, err)
	}
	t.Logf("%d MB there and back: %s, %q", megabytes, time.Since(begin).Round(time.Millisecond), b.Matches("slowest call .*"))
	got, err = b.Try(2*time.Minute, w.fill(fmt.Sprintf(`S = self(), spawn(fun() -> erpc:call($Z, echo, stream, [S, 2, %d], 120000) end),
		receive {1, X} -> ok after 60000 -> X = none end, receive {2, Y} -> ok after 60000 -> Y = none end, {byte_size(X), X =:= Y}.`, megabytes<<20)))
	if want := fmt.Sprintf("{%d,true}", megabytes<<20); err != nil || got != want {
		t.Fatalf("two of %d MB from Fjord: %s %v", megabytes, got, err)
	}
}

// TestManyMessages: 100,000 small messages arrive in order and whole, both ways
// and from all at once.
func TestManyMessages(t *testing.T) {
	const count = 100_000
	parallel(t, 2, func(t *testing.T, w *world) {
		w.cluster(t)
		for _, b := range w.beams {
			for _, f := range w.fjords {
				got, err := b.Try(time.Minute, fmt.Sprintf(`C = {counter, '%[1]s'}, ok = gen_server:call(C, reset),
					[C ! {N, <<0:800>>} || N <- lists:seq(1, %[2]d)], gen_server:call(C, report, 30000) =:= #{gaps => [], last => %[2]d, late => 0, received => %[2]d}.`, f.Node, count))
				if err != nil || got != "true" {
					t.Errorf("%s to %s: %s %v", b.Node, f.Node, got, err)
				}
			}
		}
		for _, b := range w.beams {
			// Both Fjord nodes send at the same time, in order each.
			got, err := b.Try(time.Minute, w.fill(fmt.Sprintf(`Take = fun L(N, Max) when N > Max -> whole;
					L(N, Max) -> receive {N, <<_:100/binary>>} -> L(N + 1, Max); {X, _} -> {got, X, wanted, N} after 20000 -> {lost, N} end end,
				S = self(), [spawn(fun() -> M = self(), spawn(fun() -> erpc:call(F, echo, stream, [M, %d, 100], 60000) end), S ! {F, Take(1, %d)} end) || F <- [$F, $Z]],
				[receive {F, R} -> R end || F <- [$F, $Z]].`, count, count)))
			if err != nil || got != "[whole,whole]" {
				t.Errorf("to %s: %s %v", b.Node, got, err)
			}
		}
	})
}
