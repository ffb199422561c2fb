package jsep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Direction is who sends on an m-line, from the view of whose description it is.
type Direction string

// The directions that are used; sendrecv is taken for sendonly: clients never
// mean it.
const (
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Offer is what matters of a client's offer.
type Offer struct {
	Fragment, Password string // ICE
	Fingerprint        string // "sha-256 AA:…"
	AllowMixed         bool
	Lines              []Line
}

// Line is one m-line of an offer.
type Line struct {
	Mid        string
	Kind       string // "audio", "video" or whatever else was offered
	Protocol   string
	Rejected   bool // port 0: stopped for good
	Direction  Direction
	Formats    []string
	Codecs     []Codec // without repair and redundancy
	Extensions map[string]uint8
	RIDs       []string // that the client sends, in order
	SSRC, RTX  uint32   // declared ones, 0: none
	SmallRTCP  bool     // rtcp-rsize
}

// Codec is one payload type.
type Codec struct {
	PayloadType uint8
	Name        string // as offered
	ClockRate   int
	Channels    string // "2", "" for one
	FMTP        string
	RTX         uint8 // payload type of retransmissions, 0: none
	Feedback    []string
}

// ParseOffer reads an offer. Errors: ErrMalformed, ErrTooMany.
func ParseOffer(text string) (Offer, error) {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return Offer{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(d.MediaDescriptions) == 0 {
		return Offer{}, fmt.Errorf("%w: no m-line", ErrMalformed)
	}
	if len(d.MediaDescriptions) > maxLines {
		return Offer{}, fmt.Errorf("%w: %d", ErrTooMany, len(d.MediaDescriptions))
	}
	o := Offer{AllowMixed: has(d.Attributes, "extmap-allow-mixed")}
	o.transport(d.Attributes)
	mids := map[string]bool{}
	for _, m := range d.MediaDescriptions {
		o.transport(m.Attributes)
		l := parseLine(m)
		if l.Mid == "" || len(l.Mid) > 32 || mids[l.Mid] {
			return Offer{}, fmt.Errorf("%w: mid %.40q", ErrMalformed, l.Mid)
		}
		mids[l.Mid] = true
		o.AllowMixed = o.AllowMixed || has(m.Attributes, "extmap-allow-mixed")
		o.Lines = append(o.Lines, l)
	}
	return o, nil
}

// transport takes the first of each attribute: with BUNDLE all are the same.
func (o *Offer) transport(list []sdp.Attribute) {
	for _, a := range list {
		switch {
		case a.Key == "ice-ufrag" && o.Fragment == "":
			o.Fragment = a.Value
		case a.Key == "ice-pwd" && o.Password == "":
			o.Password = a.Value
		case a.Key == "fingerprint" && o.Fingerprint == "":
			o.Fingerprint = a.Value
		}
	}
}

func parseLine(m *sdp.MediaDescription) Line {
	l := Line{
		Kind: m.MediaName.Media, Protocol: strings.Join(m.MediaName.Protos, "/"), Formats: m.MediaName.Formats,
		Direction: SendOnly, Extensions: map[string]uint8{},
	}
	l.Rejected = m.MediaName.Port.Value == 0 && !has(m.Attributes, "bundle-only")
	p := lineParser{line: &l, maps: map[string]string{}, fmtp: map[string]string{}, feedback: map[string][]string{}}
	for _, a := range m.Attributes {
		p.attribute(a)
	}
	l.Codecs = p.codecs()
	return l
}

// lineParser collects what belongs to payload types until all is read.
type lineParser struct {
	line     *Line
	maps     map[string]string
	fmtp     map[string]string
	feedback map[string][]string
	group    bool
}

func (p *lineParser) attribute(a sdp.Attribute) {
	l := p.line
	first, rest, _ := strings.Cut(a.Value, " ")
	switch a.Key {
	case "mid":
		l.Mid = a.Value
	case "sendonly", "sendrecv":
		l.Direction = SendOnly
	case "recvonly":
		l.Direction = RecvOnly
	case "inactive":
		l.Direction = Inactive
	case "rtpmap":
		p.maps[first] = rest
	case "fmtp":
		p.fmtp[first] = rest
	case "rtcp-fb":
		p.feedback[first] = append(p.feedback[first], rest)
	case "extmap":
		p.extension(first, rest)
	case "rid":
		if strings.HasPrefix(rest, "send") && len(l.RIDs) < 8 && !slices.Contains(l.RIDs, first) {
			l.RIDs = append(l.RIDs, first)
		}
	case "ssrc-group":
		p.sources(first, rest)
	case "ssrc":
		if l.SSRC == 0 && !p.group {
			l.SSRC = parseSSRC(first)
		}
	case "rtcp-rsize":
		l.SmallRTCP = true
	}
}

func (p *lineParser) extension(id, uri string) {
	id, _, _ = strings.Cut(id, "/") // the direction
	uri, _, _ = strings.Cut(uri, " ")
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n == 0 || len(p.line.Extensions) >= maxExtensions {
		return
	}
	p.line.Extensions[uri] = uint8(n)
}

// sources reads the group of a stream and its retransmissions (RFC 5576 §4.2).
func (p *lineParser) sources(semantics, list string) {
	media, repair, ok := strings.Cut(list, " ")
	if semantics != "FID" || !ok || p.group {
		return
	}
	p.group = true
	p.line.SSRC, p.line.RTX = parseSSRC(media), parseSSRC(repair)
}

func parseSSRC(text string) uint32 {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// codecs puts payload types together, in the order of preference.
func (p *lineParser) codecs() []Codec {
	var list []Codec
	repair := map[string]uint8{} // payload type → of its retransmissions
	for _, f := range p.line.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil || len(list) >= maxCodecs {
			continue
		}
		c := Codec{PayloadType: uint8(pt), FMTP: p.fmtp[f], Feedback: p.feedback[f]}
		parts := strings.Split(p.maps[f], "/")
		c.Name = parts[0]
		if len(parts) > 1 {
			c.ClockRate, _ = strconv.Atoi(parts[1])
		}
		if len(parts) > 2 {
			c.Channels = parts[2]
		}
		switch strings.ToLower(c.Name) {
		case "rtx":
			if apt, ok := parameter(c.FMTP, "apt"); ok {
				repair[apt] = c.PayloadType
			}
		case "", "red", "ulpfec", "flexfec-03", "telephone-event", "cn":
		default:
			if c.ClockRate > 0 {
				list = append(list, c)
			}
		}
	}
	for i := range list {
		list[i].RTX = repair[strconv.Itoa(int(list[i].PayloadType))]
	}
	return list
}

func has(list []sdp.Attribute, key string) bool {
	return slices.ContainsFunc(list, func(a sdp.Attribute) bool { return a.Key == key })
}

// parameter finds name=value in format parameters.
func parameter(fmtp, name string) (string, bool) {
	for part := range strings.SplitSeq(fmtp, ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if ok && strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}
