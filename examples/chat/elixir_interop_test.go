//go:build interop

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// phoenix starts the Elixir side, which the nodes dial.
func (l *lab) phoenix(t *testing.T, name string) *testkit.Process {
	t.Helper()
	testkit.NeedTools(t, "elixir")
	p := testkit.Start(t, testkit.Command{Name: name, Path: "elixir", Dir: "testdata", Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", l.epmd)},
		Args: []string{"--sname", name, "--cookie", "secret", "--erl", "-start_epmd false", "phoenix.exs"}})
	p.WaitLog(t, 10*time.Second, "phoenix is up")
	return p
}

// TestElixirTakesPart: an Elixir node that subscribes as Phoenix.PubSub does hears
// every shout once, is heard by the pages of all nodes, and may come and go.
func TestElixirTakesPart(t *testing.T) {
	l := newLab(t, 2)
	const name = "phoenix@localhost"
	listed := append([]string{name}, l.names...)
	l.names = append(l.names, name)
	l.startListing(t, 0, listed)
	l.startListing(t, 1, listed)
	first := l.phoenix(t, name)
	l.linked(t, 0, 1, 2)
	l.linked(t, 1, 0, 2)
	a, b := l.open(t, 0, "1.0.0"), l.open(t, 1, "2.0.0")
	everybodyHears(t, "with Elixir", a, b)
	first.WaitLog(t, 5*time.Second, `heard room:1 Phoenix\.Channel\.Server %\{"message" => "with Elixir: 1: 19"\}`)
	for i := range 2 { // each shout of the last round exactly once
		for n := range 20 {
			if lines := first.Matches(fmt.Sprintf(`"with Elixir: %d: %d"`, i, n)); len(lines) != 1 {
				t.Errorf("Elixir heard shout %d of page %d %d times", n, i, len(lines))
			}
		}
	}
	elixirAnswers(t, "once", a, b)

	first.Kill(t)
	l.linked(t, 0, 1)
	everybodyHears(t, "without Elixir", a, b)
	again := l.phoenix(t, name)
	l.linked(t, 0, 1, 2)
	l.linked(t, 1, 0, 2)
	elixirAnswers(t, "twice", a, b)
	again.Stop(t)
	everybodyHears(t, "Elixir has left", a, b)
}

// elixirAnswers asks the Elixir side from each page; all pages hear its answer.
func elixirAnswers(t *testing.T, label string, pages ...*browser) {
	t.Helper()
	for i, from := range pages {
		for _, to := range pages {
			attempt := 0
			testkit.Within(t, 5*time.Second, to.name+" hears Elixir", func() bool {
				attempt++
				question := fmt.Sprintf("%s %d from %d to %s", label, attempt, i, to.name)
				from.shout(t, "ask "+question)
				return to.hearsWithin("answer "+question, 300*time.Millisecond)
			})
		}
	}
}
