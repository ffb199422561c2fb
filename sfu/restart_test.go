package sfu_test

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestEachRoundRestartsICE: a client that sends without a pause may have no path
// for a moment in every round of negotiation, and goes on all the same; so does
// what it receives, and what pauses before the round and resumes within.
func TestEachRoundRestartsICE(t *testing.T) {
	t.Parallel()
	const rounds = 4
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	dense := audio("a:a")
	dense.Interval = time.Millisecond
	pausing, paused := audio("a:p"), video("a:q")
	tracks := []string{"a:a", "a:p", "a:q"}
	publish(t, a, dense, pausing, paused)
	publish(t, b, audio("b:a"))
	flow := func() {
		t.Helper()
		for _, track := range tracks {
			lab.Flows(b, track, 10)
		}
		lab.Flows(a, "b:a", 10)
	}
	flow()
	for range rounds {
		pausing.Disable(0, true)
		paused.Disable(0, true)
		had := a.Count("sdpAnswer")
		if err := a.Say("renegotiateTracks", true, nil); err != nil {
			t.Fatal(err)
		}
		lab.Until("round", a, func() bool { return a.Count("sdpAnswer") > had })
		pausing.Disable(0, false)
		paused.Disable(0, false)
		flow()
	}
	t.Logf("%d packets found no path", dense.Refused())
}
