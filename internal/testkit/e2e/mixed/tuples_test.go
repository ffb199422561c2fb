//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// Scenario 12, every word of it: what a peer with media does in a room of Fjord
// is heard on a node of each generation in its own structs, and all that a node
// of the original can say is heard by a server socket of Fjord, in order.
func TestEveryNotification(t *testing.T) {
	t.Parallel()
	for dialect, product := range map[elixir.Dialect]string{elixir.Fishjam: "Fishjam", elixir.Main: "Fishjam", elixir.Jellyfish: "Jellyfish"} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := w.fjord("f1@localhost")
			d := w.double("d1@localhost", dialect, "f1@localhost")
			testkit.WaitMesh(t, 5*time.Second, f, d.REST)
			members(t, 3*time.Second, 2, f)
			t.Run("from Fjord", func(t *testing.T) { allFromFjord(t, f, d, product) })
			t.Run("from the original", func(t *testing.T) { allFromTheOriginal(t, f, d, product) })
			d.Clean(t)
			if crashes := d.Crashes(t); len(crashes) != 0 {
				t.Errorf("the double: crashes %v", crashes)
			}
		})
	}
}

// allFromFjord has a peer do everything that is told of peers and tracks.
func allFromFjord(t *testing.T, f *testkit.Fjord, d *elixir.Double, product string) {
	room := f.MustPostRoom(t, "")
	for room.Address != "f1:1" {
		room = f.MustPostRoom(t, "")
	}
	a := addPeer(t, f, room.ID)
	heard := func(words ...string) {
		t.Helper()
		testkit.Within(t, 5*time.Second, d.Node+" hears "+strings.Join(words, " … "), func() bool { return count(d.Events(t), words...) == 1 })
	}
	of := fmt.Sprintf(`,<<"%s">>,`, room.ID)
	tail := fmt.Sprintf(`<<"%s">>`, a.peer)
	heard("{room_created" + strings.TrimSuffix(of, ","))
	heard("{peer_added" + of + tail)
	p, err := sfupeer.Enter(f.API, a.token, sfupeer.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Leave)
	heard("{peer_connected" + of + tail)
	say := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	say(p.Say("updateEndpointMetadata", false, map[string]any{"metadata": map[string]any{"name": "Åsa", "n": 1.5, "deep": []any{nil, true, map[string]any{}}}}))
	heard("{peer_metadata_updated"+of+tail, `<<"n">> => 1.5`, "[nil,true,#{}]")
	source := &sfupeer.Source{ID: a.peer + ":v", Kind: "video", Codec: "VP8", Metadata: map[string]any{"type": "camera"}}
	say(p.Publish(source))
	owner := fmt.Sprintf(`{peer_id,<<"%s">>}`, a.peer)
	track := []string{"'__struct__' => 'Elixir." + product + ".Track'", `id => <<"` + source.ID + `">>`, "type => video"}
	heard(append(track, "{track_added"+of+owner, `metadata => #{<<"type">> => <<"camera">>}`)...)
	say(p.Say("updateTrackMetadata", false, map[string]any{"trackId": source.ID, "trackMetadata": map[string]any{"type": "screen"}}))
	heard(append(track, "{track_metadata_updated"+of+owner, `metadata => #{<<"type">> => <<"screen">>}`)...)
	say(p.Unpublish(source))
	heard(append(track, "{track_removed"+of+owner)...)
	p.Leave()
	heard("{peer_disconnected" + of + tail)
	for _, path := range []string{"/room/" + room.ID + "/peer/" + a.peer, "/room/" + room.ID} {
		if status, body, err := f.Do(http.MethodDelete, path, ""); err != nil || status != http.StatusNoContent {
			t.Errorf("delete %s: %d %s %v", path, status, body, err)
		}
	}
	heard("{peer_deleted" + of + tail)
	heard("{room_deleted" + strings.TrimSuffix(of, ","))
}

// count counts the lines that hold all of the words.
func count(lines []string, words ...string) (n int) {
	for _, line := range lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			n++
		}
	}
	return n
}

// allFromTheOriginal has a node of the original say each of its tuples.
func allFromTheOriginal(t *testing.T, f *testkit.Fjord, d *elixir.Double, product string) {
	l := listen(t, f)
	track := fmt.Sprintf(`#{'__struct__' => 'Elixir.%s.Track', id => <<"t">>, type => audio, metadata => #{<<"a">> => nil}}`, product)
	const engine = `#{'__struct__' => 'Elixir.Membrane.RTC.Engine.Message.TrackAdded', endpoint_id => <<"p">>, endpoint_type => 'Elixir.X',
		track_id => <<"t">>, track_type => video, track_encoding => 'VP8', track_metadata => nil}`
	said := []struct{ tuple, want string }{
		{`{room_created, <<"r">>}`, "room_created r"},
		{`{peer_added, <<"r">>, <<"p">>}`, "peer_added r p"},
		{`{peer_connected, <<"r">>, <<"p">>}`, "peer_connected r p"},
		{`{peer_metadata_updated, <<"r">>, <<"p">>, #{<<"name">> => <<"x">>, <<"list">> => [1, 2.5, nil, false]}}`, "peer_metadata_updated r p"},
		{`{track_added, <<"r">>, {peer_id, <<"p">>}, ` + engine + `}`, "track_added r p t"},
		{`{track_metadata_updated, <<"r">>, {peer_id, <<"p">>}, ` + track + `}`, "track_metadata_updated r p t"},
		{`{track_removed, <<"r">>, {peer_id, <<"p">>}, ` + track + `}`, "track_removed r p t"},
		{`{track_removed, <<"r">>, {component_id, <<"c">>}, ` + track + `}`, "track_removed r c t"},
		{`{component_crashed, <<"r">>, <<"c">>}`, "component_crashed r c"},
		{`{hls_playable, <<"r">>, <<"c">>}`, "hls_playable r c"},
		{`{hls_uploaded, <<"r">>}`, "hls_uploaded r"},
		{`{hls_upload_crashed, <<"r">>}`, "hls_upload_crashed r"},
		{`{peer_disconnected, <<"r">>, <<"p">>}`, "peer_disconnected r p"},
		{`{peer_crashed, <<"r">>, <<"p">>, <<"why">>}`, "peer_crashed r p"},
		{`{peer_crashed, <<"r">>, <<"q">>, nil}`, "peer_crashed r q"},
		{`{peer_deleted, <<"r">>, <<"p">>}`, "peer_deleted r p"},
		{`{room_crashed, <<"r">>}`, "room_crashed r"},
		{`{room_deleted, <<"r">>}`, "room_deleted r"},
	}
	var want []string
	for _, x := range said {
		want = append(want, x.want)
		d.Eval(t, `'Elixir.Double.PubSub':event(`+strings.ReplaceAll(x.tuple, "\n", " ")+`).`)
	}
	testkit.Within(t, 3*time.Second, "all is heard", func() bool { return len(l.of("r")) >= len(want) })
	if got := l.of("r"); !slices.Equal(got, want) {
		t.Errorf("heard\n%q, want\n%q", got, want)
	}
}
