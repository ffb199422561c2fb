package jsep

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// offerText is a browser's offer, shortened: sound and picture to the server,
// a simulcast track, and one m-line to receive on.
func offerText() string {
	transport := "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n" +
		"a=fingerprint:sha-256 " + strings.Repeat("AA:", 31) + "AA\r\na=setup:actpass\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
	video := "a=extmap:4 " + ExtTransport + "\r\na=extmap:9 " + ExtMid + "\r\na=extmap:10/sendonly " + ExtRID + "\r\na=extmap:11 " + ExtRepairedRID + "\r\n" +
		"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n" +
		"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
		"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" +
		"a=rtpmap:106 H264/90000\r\na=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
		"a=rtpmap:107 rtx/90000\r\na=fmtp:107 apt=106\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:116 red/90000\r\n"
	line := "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 106 107 98 116\r\n" + transport
	return "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3\r\na=extmap-allow-mixed\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n" + transport + "a=mid:0\r\na=sendonly\r\na=extmap:1 " + ExtAudioLevel + "\r\na=extmap:4 " + ExtTransport + "\r\n" +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=ssrc:5 cname:x\r\n" +
		line + "a=mid:1\r\na=sendonly\r\n" + video + "a=ssrc-group:FID 6 7\r\na=ssrc:6 cname:x\r\na=ssrc:7 cname:x\r\n" +
		line + "a=mid:2\r\na=sendonly\r\n" + video + "a=rid:l send\r\na=rid:m send\r\na=rid:h send\r\na=simulcast:send l;m;h\r\n" +
		line + "a=mid:3\r\na=recvonly\r\n" + video
}

func mustParse(t *testing.T, text string) Offer {
	t.Helper()
	o, err := ParseOffer(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseOffer(t *testing.T) {
	o := mustParse(t, offerText())
	if o.Fragment != "abcd" || o.Password != "0123456789012345678901" || !strings.HasPrefix(o.Fingerprint, "sha-256 AA") || !o.AllowMixed || len(o.Lines) != 4 {
		t.Fatalf("%+v", o)
	}
	a, v, s, r := o.Lines[0], o.Lines[1], o.Lines[2], o.Lines[3]
	if a.Kind != "audio" || a.SSRC != 5 || len(a.Codecs) != 1 || a.Codecs[0].Channels != "2" || a.Extensions[ExtAudioLevel] != 1 {
		t.Errorf("%+v", a)
	}
	if v.SSRC != 6 || v.RTX != 7 || len(v.Codecs) != 4 || v.Codecs[0].RTX != 97 || v.Codecs[1].RTX != 0 || v.Direction != SendOnly || v.Extensions[ExtRID] != 10 {
		t.Errorf("%+v", v)
	}
	if strings.Join(s.RIDs, "") != "lmh" || r.Direction != RecvOnly {
		t.Errorf("%v %v", s.RIDs, r.Direction)
	}
}

func TestParseOfferRefuses(t *testing.T) {
	many := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	for i := range 1000 {
		many += fmt.Sprintf("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:%d\r\n", i)
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing": {"", ErrMalformed}, "no SDP": {"hello", ErrMalformed}, "a thousand m-lines": {many, ErrTooMany},
		"mids twice": {strings.Replace(offerText(), "a=mid:1", "a=mid:0", 1), ErrMalformed}, "no mid": {strings.Replace(offerText(), "a=mid:1\r\n", "", 1), ErrMalformed},
	} {
		if _, err := ParseOffer(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChoose(t *testing.T) {
	o := mustParse(t, offerText())
	reorder := func(l Line, first string) Line {
		var list []Codec
		for _, c := range l.Codecs {
			if c.Name == first {
				list = append(list, c)
			}
		}
		l.Codecs = append(list, l.Codecs...)
		return l
	}
	only := func(l Line, name string) Line { l.Codecs = reorder(l, name).Codecs[:1]; return l }
	for _, c := range []struct {
		name string
		line Line
		room string
		want uint8
		err  error
	}{
		{"sound", o.Lines[0], "h264", 111, nil},
		{"no room codec", o.Lines[1], "", 96, nil},
		{"vp8", o.Lines[1], "vp8", 96, nil},
		{"h264: the profile that everybody decodes", o.Lines[1], "h264", 106, nil},
		{"H264 first", reorder(o.Lines[1], "H264"), "", 106, nil},
		{"VP9 first", reorder(o.Lines[1], "VP9"), "", 98, nil},
		{"VP9 first, with simulcast", reorder(o.Lines[2], "VP9"), "", 96, nil},
		{"VP9 only", only(o.Lines[1], "VP9"), "", 98, nil},
		{"VP9 only in a vp8 room", only(o.Lines[1], "VP9"), "vp8", 0, ErrNoCodec},
		{"a profile of few", only(o.Lines[1], "H264"), "", 102, nil},
	} {
		got, err := Choose(c.line, c.room)
		if !errors.Is(err, c.err) || got.PayloadType != c.want {
			t.Errorf("%s: %d, %v", c.name, got.PayloadType, err)
		}
	}
}

func TestMatch(t *testing.T) {
	line := mustParse(t, offerText()).Lines[3]
	for _, c := range []struct {
		codec Codec
		want  uint8
	}{
		{Codec{Name: "vp8", ClockRate: 90000}, 96},
		{Codec{Name: "H264", ClockRate: 90000, FMTP: "packetization-mode=1;profile-level-id=42e01f"}, 106},
		{Codec{Name: "H264", ClockRate: 90000, FMTP: "packetization-mode=1;profile-level-id=42e034"}, 102},
		{Codec{Name: "H264", ClockRate: 90000, FMTP: "packetization-mode=1;profile-level-id=640034"}, 0},
		{Codec{Name: "H264", ClockRate: 90000, FMTP: "packetization-mode=0;profile-level-id=42e01f"}, 0},
		{Codec{Name: "VP9", ClockRate: 90000, FMTP: "profile-id=0"}, 98},
		{Codec{Name: "VP9", ClockRate: 90000, FMTP: "profile-id=2"}, 0},
		{Codec{Name: "AV1", ClockRate: 90000}, 0},
	} {
		got, ok := Match(line, c.codec)
		if got.PayloadType != c.want || ok != (c.want != 0) {
			t.Errorf("%+v: %d", c.codec, got.PayloadType)
		}
	}
}

func TestProfiles(t *testing.T) {
	for id, want := range map[string]bool{
		"42e01f": true, "42c01f": true, "42001f": false, "4d801f": true, "4d001f": false, "58c01f": true, "58801f": false, "64001f": false, "zz": false, "": false,
	} {
		if got := everywhereH264(Codec{Name: "H264", FMTP: "profile-level-id=" + id}); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
	if !everywhereH264(Codec{Name: "H264"}) {
		t.Error("the default is baseline")
	}
}

func replies(o Offer) []Reply {
	return []Reply{
		{Direction: RecvOnly, Codec: o.Lines[0].Codecs[0]},
		{Direction: RecvOnly, Codec: o.Lines[1].Codecs[0]},
		{Direction: RecvOnly, Codec: o.Lines[2].Codecs[0], RIDs: []string{"l", "m", "h"}},
		{Direction: SendOnly, Codec: o.Lines[3].Codecs[0], Stream: "s", Track: "t", SSRC: 77, RTX: 78, CNAME: "c"},
	}
}

func TestAnswer(t *testing.T) {
	o := mustParse(t, offerText())
	text := Answer(o, Local{Fragment: "f", Password: "p", Fingerprint: "sha-256 BB", Candidate: "candidate:1 1 udp 1 127.0.0.1 5 typ host", Session: 3, Version: 4}, replies(o))
	for _, want := range []string{
		"a=group:BUNDLE 0 1 2 3\r\n", "a=ice-lite\r\n", "a=extmap-allow-mixed\r\n",
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n", "a=rtpmap:111 opus/48000/2\r\n", "a=fmtp:97 apt=96\r\n",
		"a=rtcp-fb:111 transport-cc\r\n", "a=rtcp-fb:96 nack pli\r\n", "a=extmap:1 " + ExtAudioLevel + " vad=on\r\n", "a=simulcast:recv l;m;h\r\n", "a=rid:m recv\r\n",
		"a=ssrc-group:FID 77 78\r\n", "a=ssrc:77 cname:c\r\n", "a=msid:s t\r\n", "a=setup:passive\r\n", "a=candidate:1 1 udp 1 127.0.0.1 5 typ host\r\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	for _, bad := range []string{"goog-remb", "H264", "red/"} {
		if strings.Contains(text, bad) {
			t.Errorf("too much: %s", bad)
		}
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil || len(d.MediaDescriptions) != 4 {
		t.Errorf("%v, %d m-lines", err, len(d.MediaDescriptions))
	}
}

// TestAnswerInactive: what is stopped, unknown or not wanted.
func TestAnswerInactive(t *testing.T) {
	text := strings.Replace(offerText(), "m=video 9", "m=video 0", 1)
	text += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:4\r\n"
	o := mustParse(t, text)
	answer := Answer(o, Local{}, nil)
	if got := strings.Count(answer, "a=inactive\r\n"); got != 5 {
		t.Errorf("%d inactive m-lines", got)
	}
	if !strings.Contains(answer, "a=group:BUNDLE 0 2 3\r\n") || !strings.Contains(answer, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n") {
		t.Error(answer)
	}
}

// FuzzOffer: whatever is accepted gets an answer that is SDP with as many
// m-lines.
func FuzzOffer(f *testing.F) {
	f.Add(offerText())
	f.Add("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rtpmap:96 VP8\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseOffer(text)
		if err != nil {
			return
		}
		var list []Reply
		for _, l := range o.Lines {
			r := Reply{Direction: Inactive}
			if c, err := Choose(l, ""); err == nil {
				r = Reply{Direction: l.Direction, Codec: c, RIDs: l.RIDs}
				if _, ok := Match(l, c); !ok {
					t.Fatalf("%+v does not match itself", c)
				}
			}
			list = append(list, r)
		}
		var d sdp.SessionDescription
		if err := d.UnmarshalString(Answer(o, Local{Fragment: "f", Password: "p"}, list)); err != nil {
			t.Fatal(err)
		}
		if len(d.MediaDescriptions) != len(o.Lines) {
			t.Fatalf("%d m-lines for %d", len(d.MediaDescriptions), len(o.Lines))
		}
	})
}
