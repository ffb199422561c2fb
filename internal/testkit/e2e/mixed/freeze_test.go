//go:build e2e

package mixed

import (
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
)

// A member that is stopped, of either kind, at any moment, makes no creation
// on others slow and fails none; rooms that it makes when it goes on, for orders
// that were given up, are deleted there.
func TestFrozenMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost", "f3@localhost"})
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, append(nodes, d.REST)...)
	members(t, 3*time.Second, 4, nodes...)
	l := startLoad(t, 4, 20*time.Millisecond, nodes[0], nodes[1])
	for _, p := range []*testkit.Process{nodes[2].Process, d.Process} {
		for range 2 { // it is left out after the first time, and asked again
			p.Signal(t, syscall.SIGSTOP)
			time.Sleep(1500 * time.Millisecond)
			p.Signal(t, syscall.SIGCONT)
			time.Sleep(200 * time.Millisecond)
		}
	}
	l.check(t)
	for address, f := range map[string]*testkit.Fjord{"f1:1": nodes[0], "f2:1": nodes[1], "f3:1": nodes[2], "d1:1": d.REST} {
		testkit.Within(t, 5*time.Second, "rooms at "+address+" are those that were answered", func() bool { return rooms(f) == l.created(address) })
	}
	d.Clean(t)
}

// The double stops itself between its answer for usage and the room, in each
// generation's way of being asked; the client gets its room elsewhere.
func TestFrozenBetweenUsageAndCreate(t *testing.T) {
	t.Parallel()
	for _, dialect := range []elixir.Dialect{elixir.Fishjam, elixir.Main, elixir.Jellyfish} {
		for _, moment := range []string{"create", "usage"} {
			t.Run(string(dialect)+" "+moment, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				f := w.fjord("f1@localhost")
				answers(t, f) // the double has less
				d := w.double("d1@localhost", dialect, "f1@localhost")
				testkit.WaitMesh(t, 5*time.Second, f, d.REST)
				members(t, 3*time.Second, 2, f)
				d.Set(t, "freeze", moment)
				for range 3 {
					if r := answers(t, f); r.Address != "f1:1" {
						t.Errorf("the room is at %s", r.Address)
					}
				}
				d.Signal(t, syscall.SIGCONT)
				testkit.Within(t, 15*time.Second, "it gets rooms again", func() bool { return answers(t, f).Address == d.Address })
				// The late room, if any, is gone: the double has what was answered.
				kept := 1
				for range 3 {
					if answers(t, f).Address == d.Address {
						kept++
					}
				}
				testkit.Within(t, 5*time.Second, "late rooms are deleted", func() bool { return rooms(d.REST) == kept })
				d.Clean(t)
			})
		}
	}
}

// A client that chose the id gets 503 when the outcome is not known, in time.
func TestFrozenWithAnIDOfTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	answers(t, f)
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost")
	testkit.WaitMesh(t, 5*time.Second, f, d.REST)
	members(t, 3*time.Second, 2, f)
	d.Set(t, "freeze", "create")
	begin := time.Now()
	status, body, err := f.Do("POST", "/room", `{"roomId":"hall"}`)
	t.Logf("answered %d %s after %s (limit %s)", status, body, time.Since(begin).Round(time.Millisecond), answerLimit)
	if err != nil || status != 503 || time.Since(begin) > testkit.Slack*answerLimit {
		t.Errorf("status %d %v after %s, want 503", status, err, time.Since(begin))
	}
	d.Signal(t, syscall.SIGCONT)
	testkit.Within(t, 5*time.Second, "the late room is deleted", func() bool { return d.Count(t, "room_deleted", "hall") == 1 })
	testkit.Within(t, 15*time.Second, "the id can be used", func() bool {
		status, _, err := f.Do("POST", "/room", `{"roomId":"hall"}`)
		return err == nil && status == 201
	})
}
