package sfu_test

import (
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestEachRoundRestartsICE: a client that sends without a pause may have no path
// for a moment in every round of negotiation, and goes on all the same; so does
// what it receives.
func TestEachRoundRestartsICE(t *testing.T) {
	t.Parallel()
	const rounds = 4
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	dense := audio("a:a")
	dense.Interval = time.Millisecond
	publish(t, a, dense)
	publish(t, b, audio("b:a"))
	lab.Flows(b, "a:a", 10)
	lab.Flows(a, "b:a", 10)
	for range rounds {
		had := a.Count("sdpAnswer")
		if err := a.Say("renegotiateTracks", true, nil); err != nil {
			t.Fatal(err)
		}
		lab.Until("round", a, func() bool { return a.Count("sdpAnswer") > had })
		lab.Flows(b, "a:a", 10)
		lab.Flows(a, "b:a", 10)
	}
	t.Logf("%d packets found no path", dense.Refused())
}
