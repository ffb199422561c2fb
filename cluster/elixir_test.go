package cluster

import (
	"errors"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Terms as a real Fishjam 0.6.3 sent them.
const (
	realConfig = `#{'__struct__' => 'Elixir.Fishjam.Room.Config', room_id => <<"wire1z">>, max_peers => 4,
		video_codec => h264, webhook_url => nil, peerless_purge_timeout => nil, peer_disconnected_timeout => 60}`
	realState = `#{'__struct__' => 'Elixir.Fishjam.Room.State', id => <<"wire1z">>, config => ` + realConfig + `,
		engine_pid => nil,
		network_options => [{turn_options, [{ip,{127,0,0,1}},{mock_ip,{127,0,0,1}},{ports_range,{50000,59999}}]}],
		components => #{}, peers => #{}, last_peer_left => 0}`
	realUsage = `#{forwarded_tracks_number => 7, node => 'fjspec_b@localhost', rooms_number => 3}`
)

func term(t testing.TB, text string) etf.Term {
	t.Helper()
	x, err := etf.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

// wire sends a term through its external form.
func wire(t interface{ Fatalf(string, ...any) }, x etf.Term) etf.Term {
	b, err := etf.Encode(x)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	y, _, err := etf.Decode(b)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return y
}

func ptr[T any](v T) *T { return &v }

func wantConfig() room.Config {
	return room.Config{RoomID: "wire1z", MaxPeers: ptr(4), VideoCodec: ptr("h264"), PeerDisconnectedTimeout: ptr(60)}
}

func TestGoldenTerms(t *testing.T) {
	if got := wire(t, configTerm(productFishjam, wantConfig())); !etf.Equal(got, term(t, realConfig)) {
		t.Errorf("config is sent as %s", etf.String(got))
	}
	if got, _, err := parseConfig(term(t, realConfig)); err != nil || !cmp.Equal(got, wantConfig()) {
		t.Errorf("config is read as %+v, %v", got, err)
	}
	want := room.Created{Room: room.Room{ID: "wire1z", Config: wantConfig()}, Address: "localhost:4001"}
	if got, err := parseCreated(term(t, `{ok, `+realState+`, <<"localhost:4001">>}`)); err != nil || !cmp.Equal(got, want) {
		t.Errorf("state is read as %+v, %v", got, err)
	}
	if got, err := parseCreated(wire(t, createdTerm(productJellyfish, want, nil))); err != nil || !cmp.Equal(got, want) {
		t.Errorf("own answer is read as %+v, %v", got, err)
	}
	if l, err := parseUsage(term(t, realUsage)); err != nil || l.Usage != (room.Usage{ForwardedTracks: 7, Rooms: 3}) || l.served != -1 {
		t.Errorf("usage is read as %+v, %v", l, err)
	}
	if got := wire(t, usageTerm("fjspec_b@localhost", room.Usage{ForwardedTracks: 7, Rooms: 3})); !etf.Equal(got, term(t, realUsage)) {
		t.Errorf("usage is sent as %s", etf.String(got))
	}
	if got := wire(t, createTerm(configTerm(productFishjam, wantConfig()))); !etf.Equal(got, term(t, `{create_room, `+realConfig+`}`)) {
		t.Errorf("request is sent as %s", etf.String(got))
	}
	for err, text := range map[error]string{
		room.ErrExists:   "{error, room_already_exists}",
		room.ErrDraining: "{error, room_doesnt_start}",
	} {
		if got := createdTerm(productFishjam, room.Created{}, err); !etf.Equal(got, term(t, text)) {
			t.Errorf("%v is sent as %s", err, etf.String(got))
		}
	}
	if _, err := parseCreated(term(t, "{error, room_already_exists}")); !errors.Is(err, room.ErrExists) {
		t.Error(err)
	}
	if _, err := parseCreated(term(t, "{error, {anything, [1]}}")); !errors.Is(err, errRefused) {
		t.Error(err)
	}
}

func TestBadTermsAreErrors(t *testing.T) {
	parsers := map[string]func(etf.Term) error{
		"usage":   func(t etf.Term) error { _, err := parseUsage(t); return err },
		"config":  func(t etf.Term) error { _, _, err := parseConfig(t); return err },
		"state":   func(t etf.Term) error { _, err := parseState(t); return err },
		"created": func(t etf.Term) error { _, err := parseCreated(t); return err },
		"request": func(t etf.Term) error { _, _, err := parseRequest(t); return err },
		"info":    func(t etf.Term) error { _, err := parseInfo(t); return err },
		"ids":     func(t etf.Term) error { _, err := parseIDs(t); return err },
		"nodes":   func(t etf.Term) error { _, err := parseNodes(t); return err },
	}
	general := []string{"nil", "1", "<<>>", "{}", "#{}", "{ok}", "{1,2}", "[1]", "#{'__struct__' => x}", "[a|b]", "{[a],b}"}
	special := map[string][]string{
		"usage": {
			`#{node => a, rooms_number => 1}`, `#{node => a, rooms_number => 1, forwarded_tracks_number => -1}`,
			`#{node => a, rooms_number => b, forwarded_tracks_number => 1}`, `#{rooms_number => 1, forwarded_tracks_number => 1}`,
			`#{node => a, rooms_number => 1, forwarded_tracks_number => 99999999999999999999}`,
		},
		"config": {
			`#{'__struct__' => 'Elixir.Fishjam.Room.State'}`, `#{'__struct__' => 'Elixir.Other.Room.Config'}`,
			`#{'__struct__' => 'Elixir.Fishjam.Room.Config', room_id => a}`,
			`#{'__struct__' => 'Elixir.Fishjam.Room.Config', max_peers => -1}`,
			`#{'__struct__' => 'Elixir.Fishjam.Room.Config', video_codec => av1}`,
			`#{'__struct__' => 'Elixir.Fishjam.Room.Config', webhook_url => 1}`,
			`#{'__struct__' => 'Elixir.Fishjam.Room.Config', peerless_purge_timeout => 1.5}`,
		},
		"created": {`{ok, ` + realState + `}`, `{ok, ` + realState + `, nil}`, `{ok, #{}, <<"a">>}`, `{error, a, b, c}`, `{maybe, 1}`},
	}
	for name, parse := range parsers {
		for _, text := range append(general, special[name]...) {
			if name == "request" && (text == "{ok}" || text == "{maybe, 1}") {
				continue // a request like any other
			}
			if err := parse(term(t, text)); err == nil {
				t.Errorf("%s: %s is accepted", name, text)
			}
		}
	}
}

func TestExtraKeysAreIgnored(t *testing.T) {
	text := `#{'__struct__' => 'Elixir.Jellyfish.Room.Config', room_id => <<"a">>, new_thing => {1,2}, <<"x">> => []}`
	if c, custom, err := parseConfig(term(t, text)); err != nil || c.RoomID != "a" || custom {
		t.Errorf("%+v %t %v", c, custom, err)
	}
	text = `#{'__struct__' => 'Elixir.Fishjam.Room.Config', fjord_custom => true}`
	if c, custom, err := parseConfig(term(t, text)); err != nil || c.RoomID != "" || !custom {
		t.Errorf("%+v %t %v", c, custom, err)
	}
}

func TestBigUsageIsCut(t *testing.T) {
	l, err := parseUsage(term(t, `#{node => a, rooms_number => 1, forwarded_tracks_number => 9000000000000000000}`))
	if err != nil || l.Usage.ForwardedTracks != 1<<31-1 {
		t.Errorf("%+v %v", l, err)
	}
}

// Any room comes back as it went, through either product's structs.
func TestStateRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRoom(t)
		product := rapid.SampledFrom([]string{productFishjam, productJellyfish}).Draw(t, "product")
		got, err := parseState(wire(t, stateTerm(product, want)))
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("came back different:\n%s", diff)
		}
	})
}

func drawRoom(t *rapid.T) room.Room {
	str := rapid.StringN(0, 12, -1)
	r := room.Room{ID: room.ID(str.Draw(t, "id"))}
	r.Config = room.Config{
		RoomID: r.ID, MaxPeers: rapid.Ptr(rapid.IntRange(0, 1<<30), true).Draw(t, "max"),
		VideoCodec: rapid.Ptr(rapid.SampledFrom([]string{"h264", "vp8"}), true).Draw(t, "codec"),
		WebhookURL: rapid.Ptr(str, true).Draw(t, "webhook"),
	}
	kinds := rapid.SampledFrom([]string{"hls", "rtsp", "file", "sip", "recording"})
	for i := range rapid.IntRange(0, 3).Draw(t, "components") {
		r.Components = append(r.Components, room.Component{
			ID: string(rune('a' + i)), Type: kinds.Draw(t, "kind"), Tracks: drawTracks(t),
			Properties: map[string]any{"targetWindowDuration": drawJSON(t, 2), "playable": true},
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "peers") {
		r.Peers = append(r.Peers, room.Peer{
			ID: string(rune('a' + i)), Type: "webrtc", Tracks: drawTracks(t), Metadata: drawJSON(t, 3),
			Status: rapid.SampledFrom([]string{"connected", "disconnected"}).Draw(t, "status"),
		})
	}
	return r
}

func drawTracks(t *rapid.T) (tracks []room.Track) {
	for i := range rapid.IntRange(0, 2).Draw(t, "tracks") {
		tracks = append(tracks, room.Track{
			ID: string(rune('p' + i)), Type: rapid.SampledFrom([]string{"audio", "video"}).Draw(t, "type"), Metadata: drawJSON(t, 1),
		})
	}
	return tracks
}

// drawJSON makes a value as encoding/json decodes it.
func drawJSON(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 5).Draw(t, "json"); {
	case kind == 0:
		return nil
	case kind == 1:
		return rapid.Bool().Draw(t, "bool")
	case kind == 2:
		return rapid.Float64Range(-1e15, 1e15).Draw(t, "number")
	case kind == 3 || depth == 0:
		return rapid.String().Draw(t, "string")
	case kind == 4:
		list := []any{}
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			list = append(list, drawJSON(t, depth-1))
		}
		return list
	}
	m := map[string]any{}
	for i := range rapid.IntRange(0, 2).Draw(t, "keys") {
		m[string(rune('k'+i))] = drawJSON(t, depth-1)
	}
	return m
}

func TestCases(t *testing.T) {
	for camel, snake := range map[string]string{
		"targetWindowDuration": "target_window_duration", "playable": "playable", "s3": "s3", "": "", "keepAliveInterval": "keep_alive_interval",
	} {
		if got := snakeCase(camel); got != snake {
			t.Errorf("snakeCase(%q) = %q", camel, got)
		}
		if got := camelCase(snake); got != camel {
			t.Errorf("camelCase(%q) = %q", snake, got)
		}
	}
}

func TestServerMade(t *testing.T) {
	for range 100 {
		if id := room.NewID(); !serverMade(id) {
			t.Errorf("%s", id)
		}
	}
	for _, id := range []room.ID{"", "mine", "39684204-0000-1000-8000-000000000000", "39684204-0000-4000-8000-00000000000G", "39684204x0000-4000-8000-000000000000"} {
		if serverMade(id) {
			t.Errorf("%s", id)
		}
	}
}

// FuzzTerms reads any term as everything that peers send: an error or a value,
// never a panic, and what was read can be sent on.
func FuzzTerms(f *testing.F) {
	for _, text := range []string{
		realConfig, realState, realUsage, `{ok, ` + realState + `, <<"a">>}`, "{error, room_already_exists}",
		`{create_room, ` + realConfig + `}`, "[a@h, b@h]", `[<<"x">>]`, `#{version => <<"1">>, address => <<"a">>}`, "{made, a@h}",
	} {
		b, err := etf.Encode(term(f, text))
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
		if c, _, err := parseConfig(x); err == nil {
			if again, _, err := parseConfig(wire(t, configTerm(productFishjam, c))); err != nil || !cmp.Equal(c, again) {
				t.Errorf("config %+v came back as %+v, %v", c, again, err)
			}
		}
		if r, err := parseState(x); err == nil {
			if again, err := parseState(wire(t, stateTerm(productFishjam, r))); err != nil || again.ID != r.ID {
				t.Errorf("state %+v came back as %+v, %v", r, again, err)
			}
		}
		_, _ = parseUsage(x)
		_, _ = parseCreated(x)
		_, _, _ = parseRequest(x)
		_, _ = parseInfo(x)
		_, _ = parseIDs(x)
		_, _ = parseNodes(x)
		_ = parseVerdict(x)
		_ = termJSON(x)
	})
}
