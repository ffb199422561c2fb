package sfu_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func video(id string) *sfupeer.Source {
	return &sfupeer.Source{ID: id, Kind: "video", Codec: "VP8", Metadata: map[string]any{"of": id}}
}

func audio(id string) *sfupeer.Source {
	return &sfupeer.Source{ID: id, Kind: "audio", Codec: "opus", Level: 20}
}

func publish(t *testing.T, c *sfupeer.Client, list ...*sfupeer.Source) {
	t.Helper()
	for _, s := range list {
		if err := c.Publish(s); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoPeers: one publishes, the other joins late; then it publishes, too.
func TestTwoPeers(t *testing.T) {
	server, client := testTLS(t)
	for name, o := range map[string]sfupeer.Options{
		"direct": {}, "TURN over UDP": {Relay: true}, "TURN over TCP": {Relay: true, TCP: true},
		"TURN over TLS": {Relay: true, TLS: client},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := sfupeer.NewLab(t, func(e *sfu.EngineOptions) {
				if o.TCP {
					e.TCPPort = sfupeer.FreePort(t)
				}
				if o.TLS != nil {
					e.TLSPort, e.TLS, e.TLSAdvertise = sfupeer.FreePort(t), server, true
				}
			})
			room := lab.Room(sfu.RoomOptions{})
			a, _ := lab.Join(room, "a", o)
			publish(t, a, video("a:v"), audio("a:a"))
			b, _ := lab.Join(room, "b", o)
			lab.Flows(b, "a:v", 50)
			lab.Flows(b, "a:a", 20)
			publish(t, b, video("b:v"))
			lab.Flows(a, "b:v", 20)
			lab.Flows(b, "a:v", 50)
			for track, c := range map[string]*sfupeer.Client{"a:v": b, "a:a": b, "b:v": a} {
				lab.Sound(c, track)
			}
			if got := room.Forwarded(); got != 3 {
				t.Errorf("%d forwarded tracks", got)
			}
		})
	}
}
