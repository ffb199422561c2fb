//go:build e2e

// Package e2e runs the built binary as a user does, on one machine: the demo,
// the manual's recipes, and what goes wrong in practice. Its sub-folders do
// the same in network namespaces and in containers.
package e2e

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// answerLimit is how long POST /room may take whatever other nodes do.
const answerLimit = 1500 * time.Millisecond

// answers creates a room and fails the test when that does not work or takes
// far too long.
func answers(t *testing.T, f *testkit.Fjord) testkit.Room {
	t.Helper()
	room := f.MustPostRoom(t, "")
	t.Logf("%s: POST /room answered %s after %s (limit %s)", f.Name, room.Address, room.Took.Round(time.Millisecond), answerLimit)
	if room.Took > testkit.Slack*answerLimit {
		t.Errorf("POST /room took %s", room.Took)
	}
	return room
}
