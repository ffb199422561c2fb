//go:build e2e

package mixed

import (
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// Forwarded tracks count before rooms, in Fjord's placement and in the
// original's; a node that forwards FJ_MAX_FORWARDED_TRACKS takes no rooms.
func TestForwardedTracksDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy := w.fjord("f1@localhost", "FJ_MAX_FORWARDED_TRACKS", "2")
	idle := w.fjord("f2@localhost", "FJ_DIST_NODES", "f1@localhost")
	d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost", "f2@localhost")
	testkit.WaitMesh(t, 3*time.Second, busy, idle, d.REST)
	members(t, 3*time.Second, 3, busy, idle)
	id := roomOn(t, idle, "f1:1")
	var peers []*sfupeer.Socket
	for range 2 {
		p, err := sfupeer.Enter(busy.API, addPeer(t, busy, id).token, sfupeer.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Leave)
		peers = append(peers, p)
	}
	usage := `[begin #{forwarded_tracks_number := N} = erpc:call(f1@localhost, 'Elixir.Fishjam.RoomService', get_resource_usage, []), N end || true].`
	for i, p := range peers {
		if err := p.Publish(&sfupeer.Source{ID: fmt.Sprintf("%d:v", i), Kind: "video", Codec: "VP8"}); err != nil {
			t.Fatal(err)
		}
		want := []string{"[1]", "[134217727]"}[i]
		testkit.Within(t, 10*time.Second, "the original sees "+want+" forwarded tracks", func() bool { return d.Eval(t, usage) == want })
		for _, from := range []*testkit.Fjord{busy, idle, d.REST} {
			if got := spread(t, from, 3); got["f1:1"] != 0 {
				t.Errorf("from %s: %v", from.Name, got)
			}
		}
	}
	if c := clusterOf(busy); c.Usage.ForwardedTracks != 2 || !c.Refusing {
		t.Errorf("it shows %+v, refusing: %v", c.Usage, c.Refusing)
	}
	d.Clean(t)
}
