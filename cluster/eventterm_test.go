package cluster

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// eventGoldens pairs events with the terms that a real Fishjam sends.
func eventGoldens() map[string]room.Event {
	track := room.Track{ID: "p:1", Type: "video", Metadata: map[string]any{"a": float64(1)}}
	const trackText = `#{'__struct__' => 'Elixir.Fishjam.Track', id => <<"p:1">>, type => video, metadata => #{<<"a">> => 1}}`
	return map[string]room.Event{
		`{room_created, <<"r">>}`:                        room.RoomCreated{ID: "r"},
		`{room_deleted, <<"r">>}`:                        room.RoomDeleted{ID: "r"},
		`{room_crashed, <<"r">>}`:                        room.RoomCrashed{ID: "r", Reason: errElsewhere},
		`{peer_added, <<"r">>, <<"p">>}`:                 room.PeerAdded{ID: "r", Peer: "p"},
		`{peer_deleted, <<"r">>, <<"p">>}`:               room.PeerDeleted{ID: "r", Peer: "p"},
		`{peer_connected, <<"r">>, <<"p">>}`:             room.PeerConnected{ID: "r", Peer: "p"},
		`{peer_disconnected, <<"r">>, <<"p">>}`:          room.PeerDisconnected{ID: "r", Peer: "p"},
		`{peer_crashed, <<"r">>, <<"p">>, nil}`:          room.PeerCrashed{ID: "r", Peer: "p"},
		`{peer_crashed, <<"r">>, <<"p">>, <<"why">>}`:    room.PeerCrashed{ID: "r", Peer: "p", Reason: "why"},
		`{component_crashed, <<"r">>, <<"c">>}`:          room.ComponentCrashed{ID: "r", Component: "c"},
		`{peer_metadata_updated, <<"r">>, <<"p">>, nil}`: room.PeerMetadataUpdated{ID: "r", Peer: "p"},
		`{hls_playable, <<"r">>, <<"c">>}`:               room.HLSPlayable{ID: "r", Component: "c"},
		`{hls_uploaded, <<"r">>}`:                        room.HLSUploaded{ID: "r"},
		`{hls_upload_crashed, <<"r">>}`:                  room.HLSUploadCrashed{ID: "r"},
		`{track_added, <<"r">>, {peer_id, <<"p">>}, ` + trackText + `}`: room.TrackAdded{
			ID: "r", Endpoint: room.Endpoint{Peer: "p"}, Track: track},
		`{track_removed, <<"r">>, {component_id, <<"c">>}, ` + trackText + `}`: room.TrackRemoved{
			ID: "r", Endpoint: room.Endpoint{Component: "c"}, Track: track},
		`{track_metadata_updated, <<"r">>, {peer_id, <<"p">>}, ` + trackText + `}`: room.TrackMetadataUpdated{
			ID: "r", Endpoint: room.Endpoint{Peer: "p"}, Track: track},
	}
}

func TestEventTerms(t *testing.T) {
	for text, e := range eventGoldens() {
		want := term(t, `{server_notification, `+text+`}`)
		if got := wire(t, eventTerm(productFishjam, e)); !etf.Equal(got, want) {
			t.Errorf("%T is sent as %s, want %s", e, etf.String(got), text)
		}
		got, err := parseEvent(want)
		if err != nil || !cmp.Equal(got, e, cmpopts.EquateErrors()) {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
}

// Every kind of event that the rooms have must be known, or it is lost between
// nodes.
func TestEveryEventHasAForm(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, e := range eventGoldens() {
		seen[reflect.TypeOf(e)] = true
	}
	if want := len(eventForms()); len(seen) != want {
		t.Errorf("%d kinds are tested, %d have a form", len(seen), want)
	}
}

// The engine's own message, which the original puts into track_added.
func TestEngineTrackIsRead(t *testing.T) {
	got, err := parseEvent(term(t, `{server_notification, {track_added, <<"r">>, {peer_id, <<"p">>},
		#{'__struct__' => 'Elixir.Membrane.RTC.Engine.Message.TrackAdded', endpoint_id => <<"p">>, endpoint_type => 'Elixir.X',
		track_id => <<"p:1">>, track_type => audio, track_encoding => 'OPUS', track_metadata => nil}}}`))
	want := room.TrackAdded{ID: "r", Endpoint: room.Endpoint{Peer: "p"}, Track: room.Track{ID: "p:1", Type: "audio"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestBadEventsAreRefused(t *testing.T) {
	for _, text := range []string{
		`x`, `{server_notification, x}`, `{server_notification, {}}`, `{server_notification, {room_created, 5}}`,
		`{server_notification, {room_created, <<"r">>, <<"x">>}}`, `{server_notification, {unknown, <<"r">>}}`,
		`{server_notification, {peer_added, <<"r">>, 5}}`, `{other, {room_created, <<"r">>}}`,
		`{server_notification, {track_added, <<"r">>, {peer_id, 5}, #{}}}`,
		`{server_notification, {track_added, <<"r">>, {peer_id, <<"p">>}, x}}`,
		`{server_notification, {peer_crashed, <<"r">>, p, nil}}`, `{server_notification, {peer_metadata_updated, <<"r">>, p, nil}}`,
	} {
		if e, err := parseEvent(term(t, text)); err == nil {
			t.Errorf("%s is read as %+v", text, e)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for text := range eventGoldens() {
		b, err := etf.Encode(term(f, `{server_notification, `+text+`}`))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, _, err := etf.Decode(b)
		if err != nil {
			return
		}
		e, err := parseEvent(x)
		if err != nil {
			return
		}
		again, err := parseEvent(eventTerm(productFishjam, e))
		if err != nil || again.Room() != e.Room() || reflect.TypeOf(again) != reflect.TypeOf(e) {
			t.Errorf("%+v became %+v, %v", e, again, err)
		}
	})
}
