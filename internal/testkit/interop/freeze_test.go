//go:build interop

package interop

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestFreeze stops one node's process at a time (SIGSTOP), a Fjord node's and a
// BEAM node's: the others give it up after the tick time, go on together, and it
// comes back when it wakes up. A freeze shorter than the tick time harms nothing.
func TestFreeze(t *testing.T) {
	parallel(t, 3, func(t *testing.T, w *world) {
		w.tick = 4
		w.cluster(t)
		w.short(t, w.fjords[1].Process)
		w.short(t, w.beams[2].Process)
		all := w.names()
		w.script(t, w.beams[0], [2]string{`S = self(), spawn(fun() -> register(holder, self()), W = erpc:call($Z, echo, register, [frozen]), M = monitor(process, W), link(W),
			process_flag(trap_exit, true), S ! ready, A = receive {'EXIT', W, R1} -> R1 end, B = receive {'DOWN', M, _, _, R2} -> R2 end,
			receive {tell, P} -> P ! {told, A, B} end end), receive ready -> ok end.`, "ok"})
		fjord := w.fjords[1]
		w.fjords = w.fjords[:1]
		w.freeze(t, fjord.Process, fjord.Node)
		w.beams[0].Expect(t, "holder ! {tell, self()}, receive {told, A, B} -> {A, B} after 3000 -> none end.", "{noconnection,noconnection}")
		w.beams[0].Expect(t, "global:whereis_name(frozen).", "undefined")
		fjord.Signal(t, syscall.SIGCONT)
		w.fjords = append(w.fjords, fjord)
		w.complete(t, 3*syncLimit)

		beam := w.beams[2]
		w.beams = slices.Delete(slices.Clone(w.beams), 2, 3)
		w.freeze(t, beam.Process, beam.Node)
		beam.Signal(t, syscall.SIGCONT)
		w.beams = slices.Insert(w.beams, 2, beam)
		w.pingOld(t)
		w.complete(t, 3*syncLimit)
		if got := w.names(); !slices.Equal(got, all) {
			t.Errorf("%v are left of %v", got, all)
		}
		w.everybodyPings(t)
	})
}

// short freezes a process for less than the tick time.
func (w *world) short(t *testing.T, p *testkit.Process) {
	t.Helper()
	p.Signal(t, syscall.SIGSTOP)
	time.Sleep(1500 * time.Millisecond)
	p.Signal(t, syscall.SIGCONT)
	w.complete(t, time.Second)
}

// freeze stops a process that w no longer lists, and waits until the others, who
// stay together, have given it up.
func (w *world) freeze(t *testing.T, p *testkit.Process, name string) {
	t.Helper()
	p.Signal(t, syscall.SIGSTOP)
	t.Cleanup(func() { p.Signal(t, syscall.SIGCONT) })
	testkit.Within(t, 6*time.Second, name+" is given up", func() bool {
		return !slices.ContainsFunc(w.beams, func(b *testkit.BEAM) bool {
			return b.Eval(t, "lists:member('"+name+"', nodes()).") == "true"
		})
	})
	w.pingOld(t)
	w.complete(t, syncLimit)
}
