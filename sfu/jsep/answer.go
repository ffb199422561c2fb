package jsep

import (
	"fmt"
	"slices"
	"strings"
)

// Local is what the answer says about the server's transport.
type Local struct {
	Fragment, Password string
	Fingerprint        string
	Candidate          string // without "a="
	Session            uint64 // identifies the session (RFC 8866 §5.2)
	Version            int    // of the description, from 1
}

// Reply is the answer to one m-line.
type Reply struct {
	Direction Direction // SendOnly: to the client
	Codec     Codec     // of the offer; not for Inactive
	RIDs      []string  // variants that are received
	Stream    string    // msid of what is sent
	Track     string
	SSRC, RTX uint32 // of what is sent; RTX 0: none
	CNAME     string
}

// Answer writes the answer to an offer, with a reply for each of its lines.
func Answer(o Offer, local Local, replies []Reply) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	w("v=0")
	w("o=- %d %d IN IP4 127.0.0.1", local.Session, local.Version)
	w("s=-")
	w("t=0 0")
	var mids []string
	for _, l := range o.Lines {
		if !l.refused() {
			mids = append(mids, l.Mid)
		}
	}
	if len(mids) > 0 {
		w("a=group:BUNDLE %s", strings.Join(mids, " "))
	}
	if o.AllowMixed {
		w("a=extmap-allow-mixed")
	}
	w("a=ice-lite")
	for i, l := range o.Lines {
		r := Reply{Direction: Inactive}
		if i < len(replies) {
			r = replies[i]
		}
		if l.refused() {
			w("m=%s 0 %s %s", l.Kind, l.Protocol, strings.Join(l.Formats, " "))
			w("c=IN IP4 0.0.0.0")
			w("a=mid:%s", l.Mid)
			w("a=inactive")
			continue
		}
		writeLine(w, l, local, r)
	}
	return b.String()
}

// refused reports whether an m-line cannot be used at all.
func (l Line) refused() bool {
	return l.Rejected || (l.Kind != "audio" && l.Kind != "video") || len(l.Codecs) == 0
}

type writer func(format string, args ...any)

func writeLine(w writer, l Line, local Local, r Reply) {
	if r.Direction != SendOnly && r.Direction != RecvOnly {
		r.Direction, r.Codec = Inactive, l.Codecs[0]
	}
	formats := fmt.Sprint(r.Codec.PayloadType)
	if r.Codec.RTX != 0 {
		formats += fmt.Sprintf(" %d", r.Codec.RTX)
	}
	w("m=%s 9 %s %s", l.Kind, l.Protocol, formats)
	w("c=IN IP4 0.0.0.0")
	w("a=%s", r.Direction)
	w("a=ice-ufrag:%s", local.Fragment)
	w("a=ice-pwd:%s", local.Password)
	w("a=ice-options:trickle")
	w("a=fingerprint:%s", local.Fingerprint)
	w("a=setup:passive")
	w("a=mid:%s", l.Mid)
	if r.Direction == SendOnly {
		w("a=msid:%s %s", r.Stream, r.Track)
	}
	w("a=rtcp-mux")
	if l.SmallRTCP {
		w("a=rtcp-rsize")
	}
	writeCodec(w, l, r.Codec)
	writeExtensions(w, l)
	if r.Direction == RecvOnly && len(r.RIDs) > 0 {
		for _, rid := range r.RIDs {
			w("a=rid:%s recv", rid)
		}
		w("a=simulcast:recv %s", strings.Join(r.RIDs, ";"))
	}
	if r.Direction == SendOnly {
		writeSources(w, r)
	}
	if local.Candidate != "" {
		w("a=%s", local.Candidate)
	}
}

// feedback is what is used of RTCP, by kind (RFC 4585 §4.2).
func feedback(kind string) []string {
	if kind == "audio" {
		return []string{"transport-cc"}
	}
	return []string{"transport-cc", "ccm fir", "nack", "nack pli"}
}

func writeCodec(w writer, l Line, c Codec) {
	channels := ""
	if c.Channels != "" {
		channels = "/" + c.Channels
	}
	w("a=rtpmap:%d %s/%d%s", c.PayloadType, c.Name, c.ClockRate, channels)
	if c.FMTP != "" {
		w("a=fmtp:%d %s", c.PayloadType, c.FMTP)
	}
	for _, f := range feedback(l.Kind) {
		if slices.Contains(c.Feedback, f) || (f == "transport-cc" && l.Extensions[ExtTransport] != 0) {
			w("a=rtcp-fb:%d %s", c.PayloadType, f)
		}
	}
	if c.RTX != 0 {
		w("a=rtpmap:%d rtx/%d", c.RTX, c.ClockRate)
		w("a=fmtp:%d apt=%d", c.RTX, c.PayloadType)
	}
}

func writeExtensions(w writer, l Line) {
	uris := []string{ExtMid, ExtTransport}
	if l.Kind == "audio" {
		uris = append(uris, ExtAudioLevel)
	} else {
		uris = append(uris, ExtRID, ExtRepairedRID)
	}
	for _, uri := range uris {
		id := l.Extensions[uri]
		switch {
		case id == 0:
		case uri == ExtAudioLevel:
			w("a=extmap:%d %s vad=on", id, uri)
		default:
			w("a=extmap:%d %s", id, uri)
		}
	}
}

func writeSources(w writer, r Reply) {
	if r.RTX != 0 {
		w("a=ssrc-group:FID %d %d", r.SSRC, r.RTX)
	}
	w("a=ssrc:%d cname:%s", r.SSRC, r.CNAME)
	w("a=ssrc:%d msid:%s %s", r.SSRC, r.Stream, r.Track)
	if r.RTX != 0 {
		w("a=ssrc:%d cname:%s", r.RTX, r.CNAME)
		w("a=ssrc:%d msid:%s %s", r.RTX, r.Stream, r.Track)
	}
}
