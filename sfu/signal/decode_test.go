package signal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       Event
	}{
		{"connect", `{"type":"connect","data":{"metadata":{"name":"a"}}}`, Connect{Metadata: map[string]any{"name": "a"}}},
		{"connect without metadata", `{"type":"connect","data":{}}`, Connect{}},
		{"connect without data", `{"type":"connect"}`, Connect{}},
		{"connect with null data", `{"type":"connect","data":null}`, Connect{}},
		{"disconnect", `{"type":"disconnect"}`, Disconnect{}},
		{"endpoint metadata", `{"type":"updateEndpointMetadata","data":{"metadata":7}}`, UpdateEndpointMetadata{Metadata: 7.0}},
		{"endpoint metadata of iOS", `{"type":"updatePeerMetadata","data":{"metadata":"x"}}`, UpdateEndpointMetadata{Metadata: "x"}},
		{"track metadata", `{"type":"updateTrackMetadata","data":{"trackId":"p:1","trackMetadata":[1]}}`,
			UpdateTrackMetadata{TrackID: "p:1", Metadata: []any{1.0}}},
		{"disable", `{"type":"disableTrackEncoding","data":{"trackId":"t","encoding":"h"}}`, ToggleTrackEncoding{"t", "h", true}},
		{"enable", `{"type":"enableTrackEncoding","data":{"trackId":"t","encoding":"l"}}`, ToggleTrackEncoding{"t", "l", false}},
		{"renegotiate", `{"type":"custom","data":{"type":"renegotiateTracks"}}`, RenegotiateTracks{}},
		{"offer", `{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"type":"offer","sdp":"v=0"},
			"trackIdToTrackMetadata":{"a":{"x":1},"b":null},"trackIdToTrackBitrates":{"a":2500000,"b":{"h":3,"m":2,"l":1}},"midToTrackId":{"0":"a"}}}}`,
			SDPOffer{SDP: "v=0", Metadata: map[string]any{"a": map[string]any{"x": 1.0}, "b": nil},
				Bitrates: map[string]Bitrates{"a": {"h": 2500000}, "b": {"h": 3, "m": 2, "l": 1}}, MidTracks: map[string]string{"0": "a"}}},
		{"offer of Android", `{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"type":"offer","sdp":"v=0"},
			"trackIdToTrackMetadata":{"a":{}},"midToTrackId":{"0":"a"}}}}`,
			SDPOffer{SDP: "v=0", Metadata: map[string]any{"a": map[string]any{}}, MidTracks: map[string]string{"0": "a"}}},
		{"offer with nulls", `{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"type":"offer","sdp":"v=0"},
			"trackIdToTrackMetadata":null,"trackIdToTrackBitrates":null,"midToTrackId":null}}}`, SDPOffer{SDP: "v=0"}},
		{"candidate", `{"type":"custom","data":{"type":"candidate","data":{"candidate":"candidate:1","sdpMLineIndex":0.0}}}`, Candidate{}},
		{"target", `{"type":"custom","data":{"type":"setTargetTrackVariant","data":{"trackId":"t","variant":"m"}}}`, SetTargetTrackVariant{"t", "m"}},
		{"bitrate", `{"type":"custom","data":{"type":"trackVariantBitrates","data":{"trackId":"t","variantBitrates":1500.5}}}`,
			TrackVariantBitrates{"t", Bitrates{"h": 1500}}},
		{"bitrates", `{"type":"custom","data":{"type":"trackVariantBitrates","data":{"trackId":"t","variantBitrates":{"l":9,"h":-1,"x":5,"m":"z"}}}}`,
			TrackVariantBitrates{"t", Bitrates{"l": 9}}},
		{"bitrates of no sense", `{"type":"custom","data":{"type":"trackVariantBitrates","data":{"trackId":"t","variantBitrates":"much"}}}`,
			TrackVariantBitrates{"t", nil}},
		{"priority", `{"type":"custom","data":{"type":"prioritizeTrack","data":{"trackId":"t"}}}`, Ignored{"prioritizeTrack"}},
		{"sizes", `{"type":"custom","data":{"type":"preferedVideoSizes","data":{"bigScreens":1}}}`, Ignored{"preferedVideoSizes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		want error
	}{
		{``, ErrMalformed}, {`7`, ErrMalformed}, {`{`, ErrMalformed}, {`{"type":7}`, ErrMalformed},
		{`{}`, ErrUnknown}, {`{"type":"Connect"}`, ErrUnknown}, {`{"type":"sdpOffer","data":{}}`, ErrUnknown},
		{`{"type":"custom"}`, ErrMalformed}, {`{"type":"custom","data":{"type":"custom","data":{}}}`, ErrUnknown},
		{`{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"type":"answer","sdp":""}}}}`, ErrMalformed},
		{`{"type":"updateTrackMetadata","data":{"trackId":5}}`, ErrMalformed},
		{`{"type":"connect","data":{"metadata":"` + strings.Repeat("x", MaxSize) + `"}}`, ErrTooLarge},
	} {
		if got, err := Decode([]byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%.60s: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

// TestEncode compares with testdata/server.golden: one media event a line, in
// the order of serverEvents.
func TestEncode(t *testing.T) {
	var b strings.Builder
	for _, m := range serverEvents() {
		text, err := Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	golden := filepath.Join("testdata", "server.golden")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Error(d)
	}
}

func serverEvents() []Message {
	info := TrackInfo{Metadata: map[string]any{"a": "<b>"}, Simulcast: Simulcast{Enabled: true, Active: []string{"l", "m", "h"}, Disabled: []string{}}}
	return []Message{
		Connected{ID: "p", Others: []Endpoint{}},
		Connected{ID: "p", Others: []Endpoint{{ID: "q", Type: "webrtc", TrackMetadata: map[string]any{"t": nil}, Tracks: map[string]TrackInfo{"t": info}}}},
		EndpointAdded{ID: "q", Type: "webrtc"},
		EndpointRemoved{ID: "q"},
		EndpointUpdated{ID: "q", EndpointID: "q", Metadata: 1},
		TracksAdded{EndpointID: "q", TrackMetadata: map[string]any{"t": info.Metadata}, Tracks: map[string]TrackInfo{"t": info}},
		TracksRemoved{EndpointID: "q", TrackIDs: []string{"t"}},
		TrackUpdated{EndpointID: "q", TrackID: "t", Metadata: "x"},
		TrackEncodingDisabled{EndpointID: "q", TrackID: "t", Encoding: "h"},
		TrackEncodingEnabled{EndpointID: "q", TrackID: "t", Encoding: "h"},
		Error{Message: "no"},
		OfferData{Types: TrackTypes{Audio: 1}, Turns: []Turn{{Addr: "127.0.0.1", Port: 50000, Transport: "udp", Password: "pw", Username: "1:p"}}},
		SDPAnswer{Type: "answer", SDP: "v=0\r\n", MidTracks: map[string]string{"0": "t"}},
		ServerCandidate{Candidate: "candidate:1"},
		EncodingSwitched{EndpointID: "q", TrackID: "t", Encoding: "h", Reason: ReasonOther},
		VADNotification{TrackID: "t", Status: "speech"},
		BandwidthEstimation{Estimation: 300000},
	}
}

func TestEncodeRefuses(t *testing.T) {
	if _, err := Encode(EndpointAdded{Metadata: func() {}}); err == nil {
		t.Error("a function became JSON")
	}
}

// FuzzDecode: whatever a client sends is an event or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"connect","data":{"metadata":null}}`))
	f.Add([]byte(`{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"sdp":""},"trackIdToTrackBitrates":{"a":{"h":1e99}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Decode(text)
		if (e == nil) == (err == nil) {
			t.Fatalf("event %v and error %v", e, err)
		}
	})
}
