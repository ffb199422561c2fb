package jsep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choose picks the codec of an m-line that the client publishes on. room is
// the room's video codec, "vp8", "h264" or empty. Errors: ErrNoCodec.
func Choose(l Line, room string) (Codec, error) {
	pick := func(ok func(Codec) bool) (Codec, bool) {
		at := slices.IndexFunc(l.Codecs, ok)
		if at < 0 {
			return Codec{}, false
		}
		return l.Codecs[at], true
	}
	for _, rule := range rules(l, room) {
		if c, ok := pick(rule); ok {
			return c, nil
		}
	}
	return Codec{}, fmt.Errorf("%w for %s", ErrNoCodec, l.Kind)
}

// rules are what Choose tries, one after the other.
func rules(l Line, room string) []func(Codec) bool {
	switch {
	case l.Kind == "audio":
		return []func(Codec) bool{named("opus")}
	case strings.EqualFold(room, "vp8"):
		return []func(Codec) bool{named("VP8")}
	case strings.EqualFold(room, "h264"):
		return []func(Codec) bool{everywhereH264}
	}
	usual := func(c Codec) bool { return named("VP8")(c) || everywhereH264(c) }
	if len(l.RIDs) == 0 && len(l.Codecs) > 0 && passThrough(l.Codecs[0]) {
		return []func(Codec) bool{passThrough}
	}
	return []func(Codec) bool{usual, named("H264"), passThrough}
}

func named(name string) func(Codec) bool {
	return func(c Codec) bool { return strings.EqualFold(c.Name, name) }
}

func passThrough(c Codec) bool { return named("VP9")(c) || named("AV1")(c) || named("H265")(c) }

// CanSimulcast reports whether variants of a codec can be switched between.
func CanSimulcast(c Codec) bool { return named("VP8")(c) || named("H264")(c) }

// everywhereH264 reports whether a profile is decoded by everything that
// decodes H264: constrained baseline, or one that contains no more
// (RFC 6184 §8.1, table 5).
func everywhereH264(c Codec) bool {
	if !named("H264")(c) {
		return false
	}
	text, ok := parameter(c.FMTP, "profile-level-id")
	if !ok {
		return true // baseline, level 1
	}
	id, err := strconv.ParseUint(text, 16, 32)
	if err != nil || len(text) != 6 {
		return false
	}
	profile, constraints := id>>16, id>>8&0xff
	switch profile {
	case 0x42:
		return constraints&0x40 != 0
	case 0x4d:
		return constraints&0x80 != 0
	case 0x58:
		return constraints&0xc0 == 0xc0
	}
	return false
}

// Match finds the codec of a subscriber's m-line that decodes what was
// published with codec c. ok is false when there is none.
func Match(l Line, c Codec) (found Codec, ok bool) {
	for _, exact := range []bool{true, false} {
		for _, o := range l.Codecs {
			if strings.EqualFold(o.Name, c.Name) && o.ClockRate == c.ClockRate && compatible(o, c, exact) {
				return o, true
			}
		}
	}
	return Codec{}, false
}

func compatible(o, c Codec, exact bool) bool {
	switch strings.ToUpper(c.Name) {
	case "H264":
		same := equalParameter(o, c, "packetization-mode", "0")
		if exact {
			return same && equalParameter(o, c, "profile-level-id", "42000a")
		}
		return same && (everywhereH264(c) || profileOf(o) == profileOf(c))
	case "VP9":
		return equalParameter(o, c, "profile-id", "0")
	case "AV1":
		return equalParameter(o, c, "profile", "0")
	}
	return true
}

func profileOf(c Codec) string {
	text, ok := parameter(c.FMTP, "profile-level-id")
	if !ok || len(text) != 6 {
		return "4200"
	}
	return strings.ToLower(text[:4])
}

func equalParameter(a, b Codec, name, missing string) bool {
	value := func(c Codec) string {
		if v, ok := parameter(c.FMTP, name); ok {
			return strings.ToLower(v)
		}
		return missing
	}
	return value(a) == value(b)
}
